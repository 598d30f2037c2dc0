//! The daemon as a process: how it comes up, who may connect, and how it ends.
//!
//! In the order of a life: [`Starter`] knows who started it and tells them when
//! it listens; [`lock::Lock`] makes it the only daemon of its socket; [`Listener`] owns
//! that socket and admits callers; [`Life`] counts them, and ends the daemon when
//! it is told to, when nobody has called for long, when its socket was taken away
//! or its program replaced; [`drain::Shutdown`] bounds how long that ending takes;
//! [`succession`] makes room for a newer program's daemon without anybody noticing.
//!
//! Nothing here knows what is served. No task is spawned: everything that watches
//! runs inside [`Life::serve`] and ends with it.

mod connection;
mod drain;
mod handover;
mod idle;
mod life;
mod listen;
mod lock;
mod notify;
mod program;
mod selfcheck;
mod signals;
mod succession;
mod watchdog;

pub use drain::Reason;
pub use life::{Call, Life, Watch};
pub use listen::{Listener, Opened};
pub use lock::Lock;
pub use notify::Starter;
pub use selfcheck::SocketFile;
