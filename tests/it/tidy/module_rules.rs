//! Which module may name what: DESIGN's arrows that are not crates, so that cargo cannot hold them.

use super::sources::{self, PRODUCT};

struct Rule {
    /// Folders (with a slash at the end) or files.
    places: &'static [&'static str],
    must_not_name: &'static [&'static str],
    /// Places within those where it is right.
    but: &'static [&'static str],
    reason: &'static str,
}

const STAGES: &[&str] = &[
    "edge/src/authenticate",
    "edge/src/admit",
    "edge/src/authorize.rs",
    "edge/src/route.rs",
    "edge/src/cache/",
    "edge/src/approve.rs",
    "edge/src/constrain.rs",
    "edge/src/upstream",
    "edge/src/pool",
];

const RULES: &[Rule] = &[
    Rule {
        places: &["domain/src/"],
        must_not_name: &[
            "tokio",
            "futures_util",
            "axum",
            "http",
            "tonic",
            "prost",
            "sea_orm",
            "ostia_proto",
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::net::ToSocketAddrs",
        ],
        but: &[],
        reason: "the words of the product do no I/O: decide in domain, act in the role that asked",
    },
    Rule {
        places: STAGES,
        must_not_name: &["axum", "tonic"],
        but: &[],
        reason: "a stage knows neither how it was called nor how control is reached: take and give values of domain",
    },
    Rule {
        places: &["edge/src/pipeline.rs"],
        must_not_name: &["axum", "tonic", "ostia_proto"],
        but: &[],
        reason: "the pipeline is the order of the stages and nothing else",
    },
    Rule {
        places: PRODUCT,
        must_not_name: &["Command::new", "process::Command"],
        but: &[
            "edge/src/pool/spawn.rs",
            // What prints the master keys ends before any role begins.
            "src/config/master_keys.rs",
        ],
        reason: "one place starts processes, so that none escapes its group, its environment and its bound",
    },
    Rule {
        places: &["control/src/app/"],
        must_not_name: &["tonic", "sea_orm", "ostia_proto"],
        but: &[],
        reason: "the rules of control are the same whoever calls and wherever rows are kept",
    },
    Rule {
        places: &["control/src/"],
        must_not_name: &["sea_orm"],
        but: &["control/src/store/", "control/src/store.rs"],
        reason: "sea-orm is how the store does it: ask the store",
    },
    Rule {
        places: &["control/src/"],
        must_not_name: &["tonic"],
        but: &[
            "control/src/grpc/",
            "control/src/grpc.rs",
            "control/src/server.rs",
            // The door before all services.
            "control/src/auth.rs",
            "control/src/auth/",
        ],
        reason: "gRPC is how control is reached: convert at the rim",
    },
    Rule {
        places: PRODUCT,
        must_not_name: &["lettre"],
        but: &["control/src/mail.rs"],
        reason: "mail is sent in one place, which logs no address and prints no password",
    },
    Rule {
        places: &["web/src/", "src/"],
        must_not_name: &["sea_orm"],
        but: &[],
        reason: "only control opens the database",
    },
    Rule {
        places: PRODUCT,
        must_not_name: &["env::var", "env::vars", "env::var_os", "env::vars_os"],
        but: &[
            "src/config.rs",
            "src/config/",
            "control/src/config.rs",
            "edge/src/config.rs",
            "web/src/config.rs",
        ],
        reason: "a setting that is read where it is used is in no documentation and no error message",
    },
];

impl Rule {
    fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        for source in sources::rust(self.places) {
            if self.but.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for (number, line) in source.code() {
                let named = self
                    .must_not_name
                    .iter()
                    .filter(|name| sources::names(line, name));
                violations.extend(named.map(|name| {
                    format!(
                        "{}:{number} names {name}: {}\n    {}",
                        source.path,
                        self.reason,
                        line.trim()
                    )
                }));
            }
        }
        violations
    }
}

#[test]
fn modules_name_only_what_they_may() {
    let violations: Vec<_> = RULES.iter().flat_map(Rule::violations).collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// A stage that names another could skip what lies between them.
#[test]
fn stages_do_not_name_each_other() {
    let module = |place: &str| {
        let name = place
            .trim_start_matches("edge/src/")
            .trim_end_matches('/')
            .trim_end_matches(".rs");
        name.to_owned()
    };
    let mut violations = Vec::new();
    for stage in STAGES {
        // One step in two folders: a worker is started with a handshake, a call needs a worker.
        let one_step = ["edge/src/upstream", "edge/src/pool"];
        let others = STAGES.iter().filter(|other| {
            *other != stage && !(one_step.contains(stage) && one_step.contains(other))
        });
        let others: Vec<_> = others
            .map(|other| format!("crate::{}", module(other)))
            .collect();
        for source in sources::rust(&[stage]) {
            for (number, line) in source.code() {
                let named = others.iter().filter(|other| sources::names(line, other));
                violations
                    .extend(named.map(|other| format!("{}:{number} names {other}", source.path)));
            }
        }
    }
    assert!(
        violations.is_empty(),
        "a stage takes what the one before proved as an argument; let the pipeline pass it on:\n{}",
        violations.join("\n")
    );
}

/// A rule about a file that was renamed holds nothing any more.
#[test]
fn every_place_in_the_rules_exists() {
    // Stages that later work brings.
    const NOT_YET: &[&str] = &[
        "edge/src/cache/",
        "edge/src/approve.rs",
        "edge/src/constrain.rs",
    ];
    for place in RULES
        .iter()
        .flat_map(|rule| rule.places)
        .filter(|place| !NOT_YET.contains(place))
    {
        assert!(
            !sources::rust(&[place]).is_empty(),
            "no source below {place}: rename it in the rules as well"
        );
    }
}
