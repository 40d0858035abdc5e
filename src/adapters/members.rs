//! How the members of a group are named after the order that they belong to, so that who belongs to whom can be told from
//! the names alone, after a restart too: `td-x-7`'s stop is `tc-x-7-s`. A venue that lets nobody name them is read so.

use super::Error;
use crate::domain::{ids::ClientId, order::Role};

/// What a member's name begins with.
pub(super) const MEMBER: &str = "tc-";
const OURS: &str = "td-";

/// The name of a member of `client`'s group.
///
/// # Errors
/// When the order was not made here; `place` is the venue's word for the name.
pub(super) fn member(place: &'static str, client: &ClientId, role: Role) -> Result<ClientId, Error> {
    let letter = match role {
        Role::Entry => "e",
        Role::Target => "t",
        Role::Stop => "s",
    };
    let own = client.as_str().strip_prefix(OURS);
    let own = own.ok_or_else(|| Error::message(place, "only orders made here have members"))?;
    ClientId::new(&format!("{MEMBER}{own}-{letter}")).map_err(|e| Error::message(place, e))
}

/// Whose member it is, and which.
pub(super) fn parent_of(client: &ClientId) -> Option<(ClientId, Role)> {
    let (own, letter) = client.as_str().strip_prefix(MEMBER)?.rsplit_once('-')?;
    let role = match letter {
        "t" => Role::Target,
        "s" => Role::Stop,
        _ => return None,
    };
    Some((ClientId::new(&format!("{OURS}{own}")).ok()?, role))
}
