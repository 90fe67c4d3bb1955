//! Everything an edge needs to serve, at one revision.

use crate::{
    bundle::Bundle,
    plan::Plan,
    policy::Policy,
    upstream::{Catalogue, Upstream},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Grows with every change; never repeats.
    pub revision: u64,
    pub upstreams: Vec<Upstream>,
    pub catalogues: Vec<Catalogue>,
    pub policies: Vec<Policy>,
    pub plans: Vec<Plan>,
    pub bundles: Vec<Bundle>,
}
