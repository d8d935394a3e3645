//! Lets this process become one program, which can become no other.

use std::{io, mem, sync::mpsc, thread};

use libc::{c_int, c_long, c_uint};

/// `SECCOMP_IOCTL_NOTIF_RECV` and `SECCOMP_IOCTL_NOTIF_SEND` of `linux/seccomp.h`.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;

/// Lets the next `execveat` of this thread pass, and no other call that starts a program.
///
/// The kernel asks a thread of this process whether the call may go on. The call ends that thread and
/// closes the descriptor by which it was asked, and the kernel then refuses the call for good.
///
/// # Errors
/// One sentence that says what could not be put in force.
pub(crate) fn allow_one_start() -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot limit the start of programs: {error}");
    let (listener, listeners) = mpsc::channel();
    thread::Builder::new().spawn(move || listeners.recv().map(let_one_pass)).map_err(failed)?;
    let asked = ask_about_starts().map_err(failed)?;
    listener.send(asked).map_err(|_| "cannot limit the start of programs".to_owned())
}

/// Has the kernel ask about `execveat`. Returns the descriptor by which it asks.
fn ask_about_starts() -> io::Result<c_int> {
    let ask = c_uint::try_from(libc::SYS_execveat).map_err(io::Error::other)?;
    let step = |code: u32, jt, jf, k| -> io::Result<libc::sock_filter> {
        let code = u16::try_from(code).map_err(io::Error::other)?;
        Ok(libc::sock_filter { code, jt, jf, k })
    };
    // Another architecture has other numbers; the list of system calls ends a process that uses one.
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)?,
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, ask)?,
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_USER_NOTIF)?,
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW)?,
    ];
    let program = libc::sock_fprog { len: 4, filter: steps.as_mut_ptr() };
    let (filter, listener) =
        (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: the filter lives on this stack until the kernel has copied it.
    let made: c_long =
        unsafe { libc::syscall(libc::SYS_seccomp, filter, listener, &raw const program) };
    c_int::try_from(made).ok().filter(|made| *made >= 0).ok_or_else(io::Error::last_os_error)
}

/// Answers the first question. Nobody answers a second one: the start of the program ends this thread.
fn let_one_pass(listener: c_int) {
    // SAFETY: all zeros are a valid question.
    let mut question: libc::seccomp_notif = unsafe { mem::zeroed() };
    // SAFETY: the pointer is to a live question on this stack, of the size that the call names.
    if unsafe { libc::ioctl(listener, RECEIVE, &raw mut question) } != 0 {
        return;
    }
    let mut answer = libc::seccomp_notif_resp {
        id: question.id,
        val: 0,
        error: 0,
        flags: u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or(0),
    };
    // SAFETY: the pointer is to a live answer on this stack, of the size that the call names.
    unsafe { libc::ioctl(listener, SEND, &raw mut answer) };
}
