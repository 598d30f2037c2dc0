//! The daemon as a service: its files before judges that are not ours, the way a socket
//! is handed over, and both under a real user manager.

mod activation;
mod files;
mod manager;
mod printed;
