//! What the daemon says of itself.

use std::path::PathBuf;
use std::time::Duration;

use super::time::{from_ms, span_ms, to_ms};
use crate::domain::{CacheEntry, DaemonStatus, Hello};
use crate::wire;

impl From<&Hello> for wire::HelloResponse {
    fn from(hello: &Hello) -> Self {
        Self {
            protocol_major: hello.protocol_major,
            protocol_minor: hello.protocol_minor,
            build: hello.build.clone(),
            pid: hello.pid,
            started_at_ms: to_ms(hello.started_at),
        }
    }
}

impl From<wire::HelloResponse> for Hello {
    fn from(hello: wire::HelloResponse) -> Self {
        Self {
            protocol_major: hello.protocol_major,
            protocol_minor: hello.protocol_minor,
            build: hello.build,
            pid: hello.pid,
            started_at: from_ms(hello.started_at_ms),
        }
    }
}

impl From<&DaemonStatus> for wire::StatusResponse {
    fn from(status: &DaemonStatus) -> Self {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        Self {
            hello: Some((&status.hello).into()),
            executable: path(&status.executable),
            socket: path(&status.socket),
            config_file: status.config_file.as_ref().map(path).unwrap_or_default(),
            log_file: status.log_file.as_ref().map(path).unwrap_or_default(),
            connections: status.connections,
            idle_exit_in_ms: status.idle_exit_in.map(span_ms),
            draining: status.draining,
            identities: status.identities,
            cache_entries: status.cache_entries,
            prometheus: status.prometheus.clone().unwrap_or_default(),
            log_in_journal: status.log_in_journal,
        }
    }
}

impl From<wire::StatusResponse> for DaemonStatus {
    fn from(status: wire::StatusResponse) -> Self {
        let path = |text: String| (!text.is_empty()).then(|| PathBuf::from(text));
        Self {
            hello: status.hello.unwrap_or_default().into(),
            executable: status.executable.into(),
            socket: status.socket.into(),
            config_file: path(status.config_file),
            log_file: path(status.log_file),
            log_in_journal: status.log_in_journal,
            connections: status.connections,
            idle_exit_in: status.idle_exit_in_ms.map(Duration::from_millis),
            draining: status.draining,
            identities: status.identities,
            cache_entries: status.cache_entries,
            prometheus: Some(status.prometheus).filter(|address| !address.is_empty()),
        }
    }
}

impl From<CacheEntry> for wire::CacheEntry {
    fn from(entry: CacheEntry) -> Self {
        Self {
            account: entry.account,
            principal: entry.principal,
            region: entry.region,
            resource: entry.resource,
            age_ms: span_ms(entry.age),
            state: wire::DataState::from(entry.state).into(),
            rows: entry.rows,
            bytes: entry.bytes,
            refreshing: entry.refreshing,
            next_refresh_ms: entry.next_refresh.map(span_ms),
            unused_ms: span_ms(entry.unused),
            last_error: entry.last_error,
        }
    }
}

impl From<wire::CacheEntry> for CacheEntry {
    fn from(entry: wire::CacheEntry) -> Self {
        Self {
            state: entry.state().into(),
            account: entry.account,
            principal: entry.principal,
            region: entry.region,
            resource: entry.resource,
            age: Duration::from_millis(entry.age_ms),
            rows: entry.rows,
            bytes: entry.bytes,
            refreshing: entry.refreshing,
            next_refresh: entry.next_refresh_ms.map(Duration::from_millis),
            unused: Duration::from_millis(entry.unused_ms),
            last_error: entry.last_error,
        }
    }
}
