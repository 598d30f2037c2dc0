//! What a shell makes of the program: Ctrl-C.

mod interrupted;
