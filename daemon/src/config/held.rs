//! What a setting's field holds, to and from what is written.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;

use super::section::{PrometheusListen, Share};

/// A field's type.
pub(super) trait Held: Sized {
    /// Reads a value; `None`: it is of another kind.
    fn take(value: &Value) -> Option<Self>;

    /// The value that [`Held::take`] would read so.
    fn give(&self) -> Value;
}

impl Held for bool {
    fn take(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn give(&self) -> Value {
        (*self).into()
    }
}

impl Held for f64 {
    fn take(value: &Value) -> Option<Self> {
        value.as_f64()
    }

    /// Without a fraction where there is none, as a person writes it.
    fn give(&self) -> Value {
        match *self as i64 {
            whole if whole as f64 == *self => whole.into(),
            _ => (*self).into(),
        }
    }
}

macro_rules! held_whole {
    ($($whole:ty),*) => {$(
        impl Held for $whole {
            fn take(value: &Value) -> Option<Self> {
                value.as_u64()?.try_into().ok()
            }

            fn give(&self) -> Value {
                (*self).into()
            }
        }
    )*};
}

held_whole!(u16, u32, u64, usize);

impl Held for String {
    fn take(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }

    fn give(&self) -> Value {
        self.as_str().into()
    }
}

impl Held for Share {
    fn take(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "principal" => Some(Self::Principal),
            "credentials" => Some(Self::Credentials),
            _ => None,
        }
    }

    fn give(&self) -> Value {
        match self {
            Self::Principal => "principal".into(),
            Self::Credentials => "credentials".into(),
        }
    }
}

/// A path that means the same from everywhere: the daemon's working directory is
/// nobody's.
impl Held for PathBuf {
    fn take(value: &Value) -> Option<Self> {
        let path = Self::from(value.as_str()?);
        path.is_absolute().then_some(path)
    }

    fn give(&self) -> Value {
        self.to_string_lossy().into()
    }
}

impl Held for PrometheusListen {
    fn take(value: &Value) -> Option<Self> {
        let text = value.as_str()?;
        if let Some(path) = text.strip_prefix("unix:") {
            return PathBuf::take(&path.into()).map(Self::Unix);
        }
        let address: SocketAddr = text.parse().ok()?;
        let offered = address.ip().is_loopback() && address.port() != 0;
        offered.then_some(Self::Tcp(address))
    }

    fn give(&self) -> Value {
        match self {
            Self::Unix(path) => format!("unix:{}", path.display()).into(),
            Self::Tcp(address) => address.to_string().into(),
        }
    }
}

/// Null is what is unset, and is never written.
impl<T: Held> Held for Option<T> {
    fn take(value: &Value) -> Option<Self> {
        T::take(value).map(Some)
    }

    fn give(&self) -> Value {
        self.as_ref().map_or(Value::Null, Held::give)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_offered_on_this_machine_only() {
        let take = |text: &str| PrometheusListen::take(&text.into());
        for right in ["127.0.0.1:9464", "[::1]:9464", "unix:/run/m.sock"] {
            let taken = take(right).expect(right);
            assert_eq!(taken.give(), Value::from(right));
        }
        for wrong in [
            "0.0.0.0:9464",
            "127.0.0.1:0",
            "127.0.0.1",
            "9464",
            "localhost:9464",
            "unix:m.sock",
            "unix:",
            "",
        ] {
            assert_eq!(take(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_is_given_as_a_person_writes_it() {
        assert_eq!(5.0.give(), Value::from(5));
        assert_eq!(0.8.give(), Value::from(0.8));
    }
}
