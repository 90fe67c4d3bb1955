//! Every object that a request over REST can name, and every role: what is one's own, what is somebody else's,
//! and what is not there. To a member the last two are one.

use super::{
    super::{
        Answer, Api,
        document::{document, operations},
        send,
    },
    ROLES, body,
};
use crate::harness::{
    control, environment,
    world::{Kind, World},
};
use ostia_proto::v1;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};
use uuid::Uuid;

/// For each parameter and role: the answers to what is own, foreign and missing.
const TABLE: &str = "tests/it/web/api/authority_objects.txt";

const NAMES: [(&str, Kind); 12] = [
    ("key", Kind::Key),
    ("user", Kind::User),
    ("owner", Kind::User),
    ("members", Kind::User),
    ("policy", Kind::Policy),
    ("policies", Kind::Policy),
    ("plan", Kind::Plan),
    ("group", Kind::Group),
    ("bundle", Kind::Bundle),
    ("upstream", Kind::Upstream),
    ("tool", Kind::Tool),
    ("price", Kind::Price),
];
/// What names no object: what something is to be, and places in lists.
const OTHERS: [&str; 56] = [
    "action",
    "address",
    "after",
    "allow_private_network",
    "args",
    "arguments",
    "bucket",
    "burst",
    "call_timeout_ms",
    "calls_per_minute",
    "calls_per_day",
    "calls_per_month",
    "credential",
    "currency",
    "cwd",
    "email",
    "enabled",
    "endless",
    "env",
    "expires_in_seconds",
    "from",
    "group_by",
    "headers",
    "include",
    "isolation",
    "keep_arguments",
    "limits",
    "kind",
    "max_in_flight",
    "micros",
    "mode",
    "name",
    "never_expires",
    "not_rotated_since",
    "outcome",
    "overlap_seconds",
    "overrides",
    "page_size",
    "page_token",
    "pool",
    "preset",
    "program",
    "protocol",
    "restrictions",
    "role",
    "rules",
    "to",
    "tools",
    "top",
    "transport",
    "unused_since",
    "url",
    "version",
    "window",
    "wait_ms",
    "_meta",
];
/// Their `key` is a secret, and what it names is its holder's.
const OF_SECRETS: [&str; 1] = ["/v1/leaked-keys"];

/// Where a request names something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Path,
    Query,
    Body,
}

/// A request whose every name but one is that of something of the caller's own.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

impl Asked<'_> {
    /// Each text of it that may name something, and what.
    fn names(&self, schemas: &Value) -> BTreeMap<(Place, String), Kind> {
        let parameters = self.operation["parameters"].as_array();
        let given = parameters.into_iter().flatten().filter_map(|parameter| {
            let place = match parameter["in"].as_str()? {
                "path" => Place::Path,
                "query" => Place::Query,
                _ => return None,
            };
            Some((place, parameter["name"].as_str()?.to_owned()))
        });
        let schema = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = schema["$ref"]
            .as_str()
            .and_then(|name| name.rsplit('/').next());
        let members = schema.and_then(|name| schemas[name]["properties"].as_object());
        let members = members.into_iter().flatten();
        let members = members.map(|(member, _)| (Place::Body, member.clone()));
        let named = given.chain(members).filter_map(|(place, name)| {
            let kind = self.kind(place, &name)?;
            Some(((place, name), kind))
        });
        named.collect()
    }

    fn kind(&self, place: Place, name: &str) -> Option<Kind> {
        if OF_SECRETS.contains(&self.path) {
            assert_eq!(
                name, "key",
                "{} names something else than a secret",
                self.path
            );
            return None;
        }
        // Within its upstream, which is named before it.
        if (place, name) == (Place::Path, "tool") {
            return None;
        }
        if let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(*kind);
        }
        assert!(
            OTHERS.contains(&name),
            "{} {} has `{name}`: say in NAMES which object it names, or in OTHERS that it names none",
            self.method,
            self.path
        );
        None
    }

    /// With `spelling` where that name is, after what it was asked with.
    async fn ask(
        &self,
        (api, secret, world): (&Api, &str, &World<'_>),
        (place, name): (Place, &str),
        spelling: &str,
    ) -> Answer {
        let own = world.name("own");
        let segments = self.path.split('/').map(|segment| {
            let Some(parameter) = segment
                .strip_prefix('{')
                .and_then(|it| it.strip_suffix('}'))
            else {
                return segment;
            };
            match parameter {
                _ if (place, name) == (Place::Path, parameter) => spelling,
                "tool" => "get",
                "version" => "1",
                _ => &own,
            }
        });
        let mut target = segments.collect::<Vec<_>>().join("/");
        if place == Place::Query {
            write!(target, "?{name}={spelling}").expect("a query");
        }
        let new = Uuid::new_v4().to_string();
        let mut sent = body(self.operation, &new);
        if sent.is_object() && self.path == "/api/v1/policies/test" {
            sent = json!({"key": own, "tool": format!("{own}.get")});
        }
        if place == Place::Body {
            let many = matches!(name, "members" | "policies");
            sent[name] = if many {
                json!([spelling])
            } else {
                json!(spelling)
            };
        }
        let sent = if sent.is_null() {
            String::new()
        } else {
            sent.to_string()
        };
        let method: Method = self.method.parse().expect("a method");
        send(api.with_key(method, &target, secret).body(sent)).await
    }
}

/// Status and body, without what was asked for and which request it was.
fn told(answer: &Answer, spelling: &str) -> (u16, String) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("requestId");
    }
    (answer.status, body.to_string().replace(spelling, "<it>"))
}

fn said(answer: &Answer) -> String {
    match answer.status {
        200..=299 => "ok".to_owned(),
        // What fails behind an edge fails in more ways than one.
        500..=599 => "fails".to_owned(),
        _ => answer.body["code"].as_str().expect("a code").to_owned(),
    }
}

/// Those who may do it, as the table beside this says.
fn roles(asked: &Asked<'_>) -> BTreeSet<String> {
    let table = std::fs::read_to_string(environment::repository().join(super::TABLE));
    let table = table.expect("a table");
    let start = format!("{} {} ", asked.method, asked.path);
    let row = table.lines().find_map(|row| row.strip_prefix(&start));
    let names = row.unwrap_or_default().split(' ');
    names.map(str::to_owned).collect()
}

fn role(name: &str) -> v1::Role {
    match name {
        "member" => v1::Role::Member,
        "operator" => v1::Role::Operator,
        "administrator" => v1::Role::Administrator,
        _ => v1::Role::Auditor,
    }
}

#[tokio::test]
async fn what_is_foreign_looks_to_members_as_if_it_were_missing() {
    let api = Api::start().await;
    let control = control::client(&api.ostia);
    let document = document(&api).await;
    let mut found = Vec::new();
    for (method, path, operation) in &operations(&document) {
        let asked = Asked {
            method,
            path,
            operation,
        };
        let fields = asked.names(&document["components"]["schemas"]);
        let may = roles(&asked);
        let mut rows: BTreeMap<_, String> = BTreeMap::new();
        for name in ROLES.into_iter().filter(|name| may.contains(*name)) {
            if fields.is_empty() {
                continue;
            }
            let world = World::new(&control, role(name), v1::UserKind::Service).await;
            let secret = world.secret().await;
            let mut named = BTreeMap::new();
            for kind in fields.values() {
                if !named.contains_key(kind) {
                    named.insert(kind, world.named(*kind).await);
                }
            }
            for ((place, parameter), kind) in &fields {
                let (with, at) = ((&api, &*secret, &world), (*place, &**parameter));
                let named = &named[kind];
                let mut others = Vec::new();
                for (foreign, missing) in named.foreign.iter().zip(&named.missing) {
                    let not = asked.ask(with, at, missing).await;
                    let there = asked.ask(with, at, foreign).await;
                    if name == "member" {
                        let (there, not) = (told(&there, foreign), told(&not, missing));
                        assert_eq!(
                            there, not,
                            "{method} {path} tells members of foreign {parameter}"
                        );
                    }
                    others.push((said(&there), said(&not)));
                }
                // By its id: what that ended has no name any more.
                let (foreign, missing) = &others[0];
                let own = said(&asked.ask(with, at, &named.own[0]).await);
                let row = rows.entry((place, parameter)).or_default();
                write!(row, " {name}:{own}/{foreign}/{missing}").expect("a row");
            }
        }
        for ((_, parameter), row) in rows {
            found.push(format!("{method} {path} {parameter}{row}"));
        }
    }
    found.sort();
    let found = found.join("\n") + "\n";
    let table = std::fs::read_to_string(environment::repository().join(TABLE));
    assert_eq!(
        found,
        table.unwrap_or_default(),
        "a request names something new, or is answered otherwise: check that {TABLE} should say this"
    );
}
