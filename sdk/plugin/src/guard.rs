//! Turns panics into errors: a panic that crosses the boundary would end the process.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use vmkit_abi::{
    Error, ErrorCode,
    stable::RResult::{self, RErr, ROk},
};
use vmkit_types::bounded;

use crate::Result;

/// Longest panic message that is passed on, in bytes.
const MESSAGE_LIMIT: usize = 300;

/// Runs `call`; an error or panic becomes an error of the interface.
pub(crate) fn guard<T>(call: impl FnOnce() -> Result<T>) -> RResult<T, Error> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => ROk(value),
        Ok(Err(error)) => RErr(error.into()),
        Err(payload) => RErr(Error {
            code: ErrorCode::PANIC,
            message: format!("panicked: {}", message_of(payload.as_ref())).into(),
            ext: Vec::new().into(),
        }),
    }
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    bounded(message.unwrap_or("without a message"), MESSAGE_LIMIT)
}
