//! The same of prompts and resources.

use super::{
    super::of_kind, FAILS, Idle, PASSES, call, endpoints, listed, principal, rules, selection,
};
use crate::{
    route::{Endpoint, Wanted},
    view::{Item, Kind, View, exposed_uri},
};
use ostia_domain::{code::Code, name::ExposedNames};
use proptest::{collection::vec, prelude::*};
use std::cell::Cell;

/// Whatever an endpoint may call it.
fn names(item: &Item, endpoint: &Endpoint) -> Vec<String> {
    let upstream = &item.upstream.name;
    let exposed = match (endpoint, item.kind) {
        (Endpoint::One(_), _) => None,
        (_, Kind::Prompt) => Some(ExposedNames::Safe.expose(upstream, &item.name)),
        _ => Some(exposed_uri(upstream, &item.name)),
    };
    exposed.into_iter().chain([item.name.clone()]).collect()
}

fn everything(view: &View, kind: Kind) -> impl Iterator<Item = &Item> {
    let items = view.upstreams.iter().flat_map(move |of| of_kind(of, kind));
    items.map(AsRef::as_ref)
}

#[test]
fn prompts_and_resources_can_be_used_if_and_only_if_they_are_listed() {
    let idle = Idle::new();
    let world = (vec(rules(), 4), selection(), principal());
    let kinds = [Kind::Prompt, Kind::Resource];
    let (used, hidden) = (Cell::new(0), Cell::new(0));
    proptest!(|((policies, selection, principal) in world)| {
        let view = idle.view(policies, vec![Vec::new(); 3], selection, ExposedNames::Safe);
        for (endpoint, kind) in endpoints().iter().flat_map(|at| kinds.map(|kind| (at, kind))) {
            let ask = |name: &str, arguments| {
                call(&view, &principal, endpoint, (kind, name), arguments)
            };
            let listed = listed(&view, &principal, endpoint, kind);
            for (name, item) in &listed {
                // Nobody gives arguments to a resource.
                let arguments = kind.takes_arguments().then_some(PASSES);
                let found = ask(name, arguments);
                let found = found.map_err(|error| TestCaseError::fail(format!("{name}: {error:?}")))?;
                prop_assert_eq!(&found.canonical, &item.canonical);
                used.set(used.get() + 1);
            }
            for item in everything(&view, kind) {
                for name in names(item, endpoint) {
                    for arguments in [Some(PASSES), Some(FAILS), None] {
                        match ask(&name, arguments) {
                            Ok(found) => {
                                let known = listed.iter().any(|(_, one)| one.canonical == found.canonical);
                                prop_assert!(known, "{} at {:?} is not listed", name, endpoint);
                            }
                            Err(error) if error.code == Code::ArgumentRefused => {
                                prop_assert!(kind.takes_arguments(), "{} takes none", name);
                                let passes = ask(&name, Some(PASSES));
                                prop_assert!(passes.is_ok(), "{} is refused for any argument", name);
                            }
                            Err(error) => {
                                let wanted = Wanted { kind, name: &name };
                                let nothing = crate::authorize::unavailable(wanted);
                                prop_assert_eq!((error.code, error.message), (nothing.code, nothing.message));
                                hidden.set(hidden.get() + 1);
                            }
                        }
                    }
                }
            }
        }
    });
    for times in [used, hidden] {
        assert!(times.get() > 300, "random worlds that say little");
    }
}
