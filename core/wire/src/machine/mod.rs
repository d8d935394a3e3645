//! A machine that an inventory lists, as JSON that is plain for programs in any language too: a field with
//! a value is known, `null` is absent, and a missing one was not looked at, unless `unknown` has its reason.
//!
//! ```json
//! {"id": "8f3c", "name": "web", "state": "running", "pid": 4242, "username": null,
//!  "cards": [{"mac": "52:54:00:4b:5e:57", "mode": "bridged", "interface": "br0"}],
//!  "forwards": [{"protocol": "tcp", "listens": "127.0.0.1:2222", "guest_port": 22}],
//!  "unknown": {"console": {"why": "denied", "what": "/var/log/web.log"}}}
//! ```

mod few;
mod field;
mod parts;
mod whole;

pub use few::MACHINES_IN_FRAME;
pub(crate) use few::few_machines;
pub use field::{Field, WireUnknown, WireUnknowns};
pub use parts::{WireCard, WireForward, WireRemark};
pub use whole::WireMachine;
