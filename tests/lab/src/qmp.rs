//! QEMU's machine protocol: one command, one answer.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use serde_json::{Value, json};

use crate::{LabError, PATIENCE, error::file_error};

/// Executes a command on a new connection. QEMU serves one client at a time, and the program under test
/// needs the socket.
pub(crate) fn execute(socket: &Path, command: &str) -> Result<Value, LabError> {
    execute_with(socket, command, &json!({}))
}

/// The same with arguments.
pub(crate) fn execute_with(
    socket: &Path,
    command: &str,
    arguments: &Value,
) -> Result<Value, LabError> {
    let doing = || file_error("talk to QEMU at", socket);
    let mut stream = UnixStream::connect(socket).map_err(doing())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(doing())?;
    let mut lines = BufReader::new(stream.try_clone().map_err(doing())?).lines();
    let mut answer_to = |command: &str, arguments: &Value| -> Result<Value, LabError> {
        let message = json!({ "execute": command, "arguments": arguments });
        writeln!(stream, "{message}").map_err(doing())?;
        for line in &mut lines {
            let line = line.map_err(doing())?;
            let message: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(value) = message.get("return") {
                return Ok(value.clone());
            }
            // Skip the greeting and events; an error is an answer.
            if message.get("error").is_some() {
                return Err(LabError::Qmp { command: command.to_owned(), answer: line });
            }
        }
        let answer = "the connection ended".to_owned();
        Err(LabError::Qmp { command: command.to_owned(), answer })
    };
    answer_to("qmp_capabilities", &json!({}))?;
    answer_to(command, arguments)
}
