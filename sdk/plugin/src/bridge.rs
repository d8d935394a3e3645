//! `tracing` events of a plugin, passed to the host.
//!
//! A plugin has its own copy of `tracing`'s statics, so the host's subscriber never sees its
//! events. This subscriber passes them to the host of the call that runs on the same thread.

use std::{cell::Cell, fmt, fmt::Write as _, ptr::NonNull, sync::Once};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::Interest,
};
use vmkit_abi::{HostRef, Level};

thread_local! {
    /// The host of the call that runs on this thread.
    static HOST: Cell<Option<NonNull<HostRef<'static>>>> = const { Cell::new(None) };
}

/// Sends this thread's events to `host` while `call` runs.
pub(crate) fn with_host<T>(host: &HostRef<'_>, call: impl FnOnce() -> T) -> T {
    struct Restore(Option<NonNull<HostRef<'static>>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            HOST.with(|slot| slot.set(self.0));
        }
    }

    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // This fails in a test that has a subscriber of its own, which gets the events then.
        tracing::subscriber::set_global_default(Bridge).ok();
    });
    let _restore = Restore(HOST.with(|slot| slot.replace(Some(NonNull::from(host).cast()))));
    call()
}

fn on_host<T>(call: impl FnOnce(&HostRef<'static>) -> T) -> Option<T> {
    // SAFETY: the pointer is set only while `with_host` runs, which borrows the host for longer.
    // It is restored afterwards even if the call panics.
    HOST.with(Cell::get).map(|host| call(unsafe { host.as_ref() }))
}

struct Bridge;

impl Subscriber for Bridge {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // The answer depends on the call's host, so it must not be cached.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && on_host(|host| host.log_enabled(level(metadata), metadata.target().into()))
                .unwrap_or(false)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        on_host(|host| {
            host.log(level(metadata), metadata.target().into(), line.0.as_str().into());
        });
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::ERROR,
        tracing::Level::WARN => Level::WARN,
        tracing::Level::INFO => Level::INFO,
        tracing::Level::DEBUG => Level::DEBUG,
        tracing::Level::TRACE => Level::TRACE,
    }
}

/// The message of an event, then its fields as `name=value`.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let written = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
        debug_assert!(written.is_ok());
    }
}
