//! A field that holds several things.
//!
//! A person reads each on a line of its own where there is room for lines, and a
//! program as an element of an array.

use aws_ssm_proto::domain::{InstanceInterfaces, PrivateAddress};
use serde::{Serialize, Serializer};

use super::interface::InterfaceRow;
use super::interface::JSON;
use super::json::Object;

/// See the module.
#[derive(Clone, Debug)]
pub enum Several<'a> {
    /// Texts.
    Texts(&'a [String]),
    /// Security groups, by id and name.
    Groups(&'a [(String, String)]),
    /// Private addresses.
    Private(&'a [PrivateAddress]),
    /// The public addresses of private ones; a person reads each beside its own.
    Public(&'a [PrivateAddress]),
    /// Private addresses, each with its public one.
    Addresses(&'a [PrivateAddress]),
    /// Network interfaces.
    Interfaces(&'a InstanceInterfaces),
}

impl<'a> Several<'a> {
    /// Each as a person reads it; an empty line stands for what one of them lacks.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        match self {
            Self::Groups(groups) => groups.iter().map(group).collect(),
            Self::Public(addresses) if addresses.iter().any(|one| one.public.is_some()) => {
                let public = addresses.iter().map(|one| one.public.clone());
                public.map(Option::unwrap_or_default).collect()
            }
            _ => self.written().into_iter().map(str::to_owned).collect(),
        }
    }

    /// Each as a program reads it from a line.
    pub(super) fn written(&self) -> Vec<&'a str> {
        match self {
            Self::Texts(texts) => texts.iter().map(String::as_str).collect(),
            Self::Groups(groups) => groups.iter().map(|(id, _)| id.as_str()).collect(),
            Self::Private(addresses) | Self::Addresses(addresses) => {
                addresses.iter().map(|one| one.address.as_str()).collect()
            }
            Self::Public(addresses) => public(addresses).collect(),
            Self::Interfaces(of) => of.interfaces.iter().map(|one| one.id.as_str()).collect(),
        }
    }
}

fn public(addresses: &[PrivateAddress]) -> impl Iterator<Item = &str> {
    addresses.iter().filter_map(|one| one.public.as_deref())
}

fn group((id, name): &(String, String)) -> String {
    match name.as_str() {
        "" => id.clone(),
        name => format!("{id} {name}"),
    }
}

#[derive(Serialize)]
struct Group<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Address<'a> {
    private_ip: &'a str,
    public_ip: Option<&'a str>,
}

impl Serialize for Several<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Groups(groups) => {
                serializer.collect_seq(groups.iter().map(|(id, name)| Group { id, name }))
            }
            Self::Addresses(addresses) => {
                serializer.collect_seq(addresses.iter().map(|one| Address {
                    private_ip: &one.address,
                    public_ip: one.public.as_deref(),
                }))
            }
            Self::Interfaces(instance) => {
                let fields = JSON.fields();
                let rows = InterfaceRow::all(JSON.columns(), instance);
                let rows: Vec<_> = rows.collect();
                serializer.collect_seq(rows.iter().map(|row| Object(&fields, row)))
            }
            Self::Texts(_) | Self::Private(_) | Self::Public(_) => {
                serializer.collect_seq(self.written())
            }
        }
    }
}
