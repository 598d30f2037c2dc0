//! What only a person or the caller's terminal can give: asked of the client of the
//! call that needs it, once, for all who wait.

mod code;
mod process;
mod terminal;
