//! Every object that a request can name, and every role: what is one's own, what is somebody else's, and what
//! is not there. To a member the last two are one.

use super::{
    ROLES,
    raw::{Answer, Contract, call},
    requests::request,
    serve,
};
use crate::harness::{
    environment,
    world::{Kind, World},
};
use ostia_proto::v1;
use std::{collections::BTreeMap, fmt::Write as _};
use tonic::{Code as Grpc, transport::Channel};

/// For each field and role: the answers to what is own, foreign and missing.
const TABLE: &str = "tests/it/control/authority_objects.txt";

/// What is named by texts at the end of a path.
const NAMES: [(&str, Kind); 17] = [
    ("key", Kind::Key),
    ("keys", Kind::Key),
    ("user", Kind::User),
    ("owner", Kind::User),
    ("members", Kind::User),
    ("members.names", Kind::User),
    ("policy", Kind::Policy),
    ("update.policy", Kind::Policy),
    ("policies", Kind::Policy),
    ("policies.names", Kind::Policy),
    ("plan", Kind::Plan),
    ("group", Kind::Group),
    ("bundle", Kind::Bundle),
    ("upstream", Kind::Upstream),
    ("tool", Kind::Tool),
    ("price", Kind::Price),
    ("event", Kind::Event),
];
/// Texts that name no object: what something is to be called or to be, what is looked for by its value, and
/// places in lists.
const OTHERS: [&str; 33] = [
    "name",
    "email",
    "after",
    "page_token",
    "action",
    "outcome",
    "arguments",
    "address",
    "known.writer",
    "known.kind",
    "known.hash",
    "preset",
    "create.name",
    "create.preset",
    "plan.id",
    "plan.name",
    "plan.etag",
    "restrictions.networks",
    "restrictions.window",
    "tools",
    "currency",
    // Patterns, which match what there is.
    "selection.include",
    "selection.overrides.tool",
    "selection.overrides.name",
    "selection.overrides.description",
    // Whoever has these has what they are for.
    "token",
    "issuer",
    "subject",
    "provider",
    "groups.names",
    // What a manifest says is made where it is missing.
    "manifest",
    "definition",
    "rules",
];
/// Their `key` is a secret, and what it names is its holder's.
const OF_SECRETS: [&str; 2] = ["KeysService/ExchangeKey", "KeysService/ReportLeakedKey"];

/// Which object a text names; `None`: none. A text that is in neither table fails.
fn kind(method: &str, path: &str) -> Option<Kind> {
    if OF_SECRETS.contains(&method) {
        assert_eq!(path, "key", "{method} names something else than a secret");
        return None;
    }
    if let Some((_, kind)) = NAMES.iter().find(|(name, _)| *name == path) {
        return Some(*kind);
    }
    let parts: Vec<_> = path.split('.').collect();
    let among = |known: &&str| *known == path || parts[..parts.len() - 1].contains(known);
    assert!(
        OTHERS.iter().any(among),
        "{method} has the text `{path}`: say in NAMES which object it names, or in OTHERS that it names none"
    );
    None
}

/// Those who may call it, as the table beside this says.
fn roles(method: &str) -> Vec<(v1::Role, &'static str)> {
    let table = environment::repository().join(super::TABLE);
    let table = std::fs::read_to_string(table).expect("a table");
    let row = method.replace('/', ".");
    let mut rows = table.lines().map(|row| row.split(' ').collect::<Vec<_>>());
    let row = rows.find(|parts| parts[0] == row).expect("a row");
    let may = |(_, name): &(v1::Role, &str)| row[1..].contains(name);
    ROLES.into_iter().filter(may).collect()
}

/// What each spelling of an object is answered with.
async fn ask(
    world: &World<'_>,
    (contract, channel): (&Contract, &Channel),
    (method, path): (&str, &str),
    (whose, spellings): (&str, &[String]),
) -> Vec<Answer> {
    let verb = method.split_once('/').map_or("", |(_, method)| method);
    let ends = verb.starts_with("Delete") || verb.starts_with("Remove");
    let mut answers = Vec::new();
    for spelling in spellings {
        let request = contract.with(method, request(world, method, whose), path, spelling);
        let mut answer = call(channel, method, &world.caller.id, request).await;
        answer.blot_out(spelling);
        let gone = ends && answer.grpc == Grpc::Ok;
        answers.push(answer);
        if gone {
            break;
        }
    }
    answers
}

/// The answers to something by its id and by its name; one where they are the same.
fn said(answers: &[Answer]) -> String {
    let mut said: Vec<_> = answers.iter().map(|answer| &*answer.said).collect();
    said.dedup();
    said.join("|")
}

#[tokio::test]
async fn what_is_foreign_looks_to_members_as_if_it_were_missing() {
    let served = serve().await;
    let channel = served.endpoint.connect().await.expect("a connection");
    let contract = Contract::read();
    let mut found = String::new();
    let kind_of_user = v1::UserKind::Person;
    for method in contract.methods.keys() {
        let roles = roles(method);
        let mut fields: BTreeMap<_, _> = BTreeMap::new();
        // What nobody may call is refused before anything is looked at.
        for path in contract
            .texts(method)
            .into_iter()
            .filter(|_| !roles.is_empty())
        {
            if let Some(kind) = kind(method, &path) {
                fields.insert(path, kind);
            }
        }
        let mut rows: BTreeMap<&String, String> = BTreeMap::new();
        for (role, name) in roles {
            let world = World::new(&served.control.client, role, kind_of_user).await;
            let mut named = BTreeMap::new();
            for kind in fields.values() {
                named.insert(kind, world.named(*kind).await);
            }
            for (path, kind) in &fields {
                let (with, of) = ((&contract, &channel), (method.as_str(), path.as_str()));
                let named = &named[kind];
                let missing = ask(&world, with, of, ("missing", &named.missing)).await;
                let foreign = ask(&world, with, of, ("foreign", &named.foreign)).await;
                let own = ask(&world, with, of, ("own", &named.own)).await;
                if role == v1::Role::Member {
                    assert_eq!(foreign, missing, "{method} tells members of foreign {path}");
                }
                for answer in own.iter().chain(&foreign).chain(&missing) {
                    let broken = [Grpc::Internal, Grpc::Unknown, Grpc::Unimplemented];
                    assert!(
                        !broken.contains(&answer.grpc),
                        "{method} {path}: {answer:?}"
                    );
                }
                let all = [said(&own), said(&foreign), said(&missing)].join("/");
                write!(rows.entry(path).or_default(), " {name}:{all}").expect("a row");
            }
        }
        for (path, row) in rows {
            writeln!(found, "{} {path}{row}", method.replace('/', ".")).expect("a row");
        }
    }
    let at = environment::repository().join(TABLE);
    let table = std::fs::read_to_string(&at).unwrap_or_default();
    assert_eq!(
        found, table,
        "a request names something new, or is answered otherwise: check that {TABLE} should say this"
    );
    served.end().await;
}
