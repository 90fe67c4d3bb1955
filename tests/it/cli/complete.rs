//! That the command line covers all of what people may ask control.

use crate::harness::environment;
use ostia_proto::DESCRIPTOR;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::{collections::BTreeSet, fs, path::Path};

/// What the parts of an installation ask each other.
const BETWEEN_PARTS: [&str; 3] = [
    "SyncService",
    "BrowserSessionsService",
    "IdempotencyService",
];
/// What no command calls, and why.
const NO_COMMANDS: [(&str, &str); 6] = [
    (
        "IdentityService.InspectLoginLink",
        "a browser follows a link",
    ),
    (
        "IdentityService.RedeemLoginLink",
        "a browser follows a link",
    ),
    (
        "IdentityService.SignIn",
        "the web role says what a provider said",
    ),
    (
        "KeysService.IssueAccessToken",
        "for the owner of a key, and whoever has a shell is nobody's owner: `keys exchange`",
    ),
    (
        "PoliciesService.CheckPolicy",
        "a form is checked while it is filled in; `apply --dry-run` checks a file",
    ),
    (
        "PoliciesService.GetPolicyVersion",
        "`policies versions` shows the rules of all of them",
    ),
];

#[test]
fn every_method_for_people_has_a_command() {
    let mut sources = String::new();
    read(&environment::repository().join("src/cli"), &mut sources);
    let files = FileDescriptorSet::decode(DESCRIPTOR).expect("the descriptor set");
    let services = files.file.into_iter().flat_map(|file| file.service);
    let mut uncalled = BTreeSet::new();
    let mut methods = 0;
    for service in services.filter(|it| !BETWEEN_PARTS.contains(&it.name())) {
        for method in &service.method {
            methods += 1;
            let calls = [
                format!(".{}(", snake(method.name())),
                format!("::{}(", snake(method.name())),
            ];
            if !calls.iter().any(|call| sources.contains(call)) {
                uncalled.insert(format!("{}.{}", service.name(), method.name()));
            }
        }
    }
    assert!(methods > 70, "{methods}");
    let known: BTreeSet<_> = NO_COMMANDS.map(|(method, _)| method.to_owned()).into();
    assert_eq!(
        uncalled, known,
        "a method is new and has no command, or has one now: make one in src/cli, or say in NO_COMMANDS why not"
    );
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, sources);
        } else {
            sources.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}
