//! Which revisions of the protocol a server speaks.

use rmcp::{RoleServer, model::ProtocolVersion, service::RequestContext};
use std::{borrow::Cow, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Dual,
    /// Up to 2025-11-25: a handshake, sessions, requests to the client.
    Legacy,
    /// From 2026-07-28: every request says all about itself.
    Modern,
}

impl Era {
    pub(crate) fn versions(self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(match self {
            Self::Dual => ProtocolVersion::KNOWN_VERSIONS,
            Self::Legacy => ProtocolVersion::known_up_to(&ProtocolVersion::V_2025_11_25),
            Self::Modern => &[ProtocolVersion::V_2026_07_28],
        })
    }
}

impl FromStr for Era {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "dual" => Ok(Self::Dual),
            "legacy" => Ok(Self::Legacy),
            "modern" => Ok(Self::Modern),
            _ => Err(format!("no era is called {word}: dual, legacy or modern")),
        }
    }
}

/// Whether this request is of the modern era.
pub(crate) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context
        .protocol_version()
        .is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}
