use crate::v1;
use ostia_domain::user::{Kind, Role};

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Operator => Self::Operator,
            Role::Administrator => Self::Administrator,
            Role::Auditor => Self::Auditor,
        }
    }
}

impl v1::Role {
    /// Unset where it is not specified.
    pub fn named(self) -> Option<Role> {
        match self {
            Self::Unspecified => None,
            Self::Member => Some(Role::Member),
            Self::Operator => Some(Role::Operator),
            Self::Administrator => Some(Role::Administrator),
            Self::Auditor => Some(Role::Auditor),
        }
    }
}

impl From<Kind> for v1::UserKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Person => Self::Person,
            Kind::Service => Self::Service,
        }
    }
}

impl From<v1::UserKind> for Kind {
    fn from(kind: v1::UserKind) -> Self {
        match kind {
            v1::UserKind::Service => Self::Service,
            v1::UserKind::Person | v1::UserKind::Unspecified => Self::Person,
        }
    }
}
