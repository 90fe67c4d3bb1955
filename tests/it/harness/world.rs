//! What there is when somebody asks: of each kind of object one of their own, one of somebody else's, and
//! names that nothing has.

use ostia_domain::clock;
use ostia_proto::{
    ControlClient,
    v1::{self, create_policy_request::Source, upstream_definition::Transport},
};
use uuid::Uuid;

/// What a request can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Key,
    User,
    Policy,
    Plan,
    Group,
    Bundle,
    Upstream,
    Tool,
    Price,
    Event,
}

/// Where it has an id, that comes first; then its name.
pub(crate) struct Named {
    pub(crate) own: Vec<String>,
    pub(crate) foreign: Vec<String>,
    pub(crate) missing: Vec<String>,
}

const WHOSE: [&str; 2] = ["own", "foreign"];

/// Somebody of a role, and a member who is somebody else. Each has a policy for an upstream of their own, a
/// key, and a call that was made with it.
pub(crate) struct World<'a> {
    client: &'a ControlClient,
    mark: String,
    pub(crate) caller: v1::User,
    other: v1::User,
    keys: [String; 2],
}

impl<'a> World<'a> {
    pub(crate) async fn new(client: &'a ControlClient, role: v1::Role, kind: v1::UserKind) -> Self {
        // Names of upstreams are short.
        let mark = Uuid::new_v4().simple().to_string()[..10].to_owned();
        let mut made = Vec::new();
        for (whose, role) in WHOSE.into_iter().zip([role, v1::Role::Member]) {
            let name = format!("{whose}-{mark}");
            policy(client, &name).await;
            let request = v1::CreateUserRequest {
                name: name.clone(),
                role: role.into(),
                policies: vec![name.clone()],
                kind: kind.into(),
                ..v1::CreateUserRequest::default()
            };
            let user = client.identity().create_user(request).await;
            let user = user.expect("a user").into_inner();
            let key = key(client, &name, &user).await.key.expect("a key").id;
            call(client, &name, &user, &key).await;
            made.push((user, key));
        }
        let (other, of_other) = made.pop().expect("somebody else");
        let (caller, key) = made.pop().expect("somebody");
        Self {
            client,
            mark,
            caller,
            other,
            keys: [key, of_other],
        }
    }

    pub(crate) fn name(&self, whose: &str) -> String {
        format!("{whose}-{}", self.mark)
    }

    /// The secret of one more key of the caller.
    pub(crate) async fn secret(&self) -> String {
        key(self.client, "caller", &self.caller).await.secret
    }

    /// Makes them, but for what every world has. Once for each kind.
    pub(crate) async fn named(&self, kind: Kind) -> Named {
        let [own, foreign] = match kind {
            Kind::Key => self.keys.clone(),
            Kind::User => [self.caller.id.clone(), self.other.id.clone()],
            Kind::Event => self.events().await,
            Kind::Policy => [self.policy("own").await, self.policy("foreign").await],
            Kind::Tool => return self.of_names(|name| format!("{name}.get")),
            Kind::Price => return self.prices().await,
            Kind::Upstream | Kind::Plan | Kind::Group | Kind::Bundle => [
                self.make(kind, "own").await,
                self.make(kind, "foreign").await,
            ],
        };
        let all = |id: String, whose: &str| {
            let name = (kind != Kind::Event).then(|| self.name(whose));
            std::iter::once(id).chain(name).collect()
        };
        Named {
            own: all(own, "own"),
            foreign: all(foreign, "foreign"),
            missing: all(Uuid::new_v4().to_string(), "missing"),
        }
    }

    fn of_names(&self, named: impl Fn(String) -> String) -> Named {
        let named = |whose| vec![named(self.name(whose))];
        Named {
            own: named("own"),
            foreign: named("foreign"),
            missing: named("missing"),
        }
    }

    async fn prices(&self) -> Named {
        let tools = |name| format!("{name}.*");
        for whose in WHOSE {
            let request = v1::SetPriceRequest {
                tools: tools(self.name(whose)),
                micros: 1,
                currency: "EUR".to_owned(),
            };
            let set = self.client.prices().set_price(request).await;
            set.expect("a price");
        }
        self.of_names(tools)
    }

    async fn policy(&self, whose: &str) -> String {
        let policy = self.name(whose);
        let request = v1::GetPolicyRequest { policy };
        let policy = self.client.policies().get_policy(request).await;
        policy.expect("a policy").into_inner().id
    }

    /// The caller is in their own group, under their own plan.
    async fn make(&self, kind: Kind, whose: &str) -> String {
        let (name, client) = (self.name(whose), self.client);
        let member = if whose == "own" {
            &self.caller
        } else {
            &self.other
        };
        match kind {
            Kind::Upstream => upstream(client, &name).await,
            Kind::Bundle => {
                let selection = Some(v1::Selection {
                    include: vec!["*".to_owned()],
                    ..v1::Selection::default()
                });
                let request = v1::CreateBundleRequest { name, selection };
                let made = client.bundles().create_bundle(request).await;
                made.expect("a bundle").into_inner().id
            }
            Kind::Group => {
                let request = v1::CreateGroupRequest {
                    name,
                    members: vec![member.id.clone()],
                    ..v1::CreateGroupRequest::default()
                };
                let made = client.groups().create_group(request).await;
                made.expect("a group").into_inner().id
            }
            _ => {
                let plan = v1::Plan {
                    name: name.clone(),
                    ..v1::Plan::default()
                };
                let request = v1::CreatePlanRequest { plan: Some(plan) };
                let made = client.plans().create_plan(request).await;
                let under = v1::UpdateUserRequest {
                    user: member.id.clone(),
                    plan: Some(name),
                    ..v1::UpdateUserRequest::default()
                };
                let updated = client.identity().update_user(under).await;
                updated.expect("under it");
                made.expect("a plan").into_inner().id
            }
        }
    }

    /// The calls of both keys.
    async fn events(&self) -> [String; 2] {
        let mut found = Vec::new();
        for key in &self.keys {
            let request = v1::ListEventsRequest {
                key: Some(key.clone()),
                action: Some("tools/call".to_owned()),
                ..v1::ListEventsRequest::default()
            };
            let listed = self.client.audit().list_events(request).await;
            let mut listed = listed.expect("events").into_inner().events;
            found.push(listed.pop().expect("a call").id);
        }
        found.try_into().expect("two")
    }
}

async fn policy(client: &ControlClient, name: &str) {
    let rules = v1::Rules {
        upstreams: vec![name.to_owned()],
        allow: vec!["*".to_owned()],
        ..v1::Rules::default()
    };
    let request = v1::CreatePolicyRequest {
        name: name.to_owned(),
        source: Some(Source::Rules(rules)),
    };
    let made = client.policies().create_policy(request).await;
    made.expect("a policy");
}

async fn key(client: &ControlClient, name: &str, owner: &v1::User) -> v1::CreateKeyResponse {
    let request = v1::CreateKeyRequest {
        name: name.to_owned(),
        owner: Some(owner.id.clone()),
        policies: owner.policies.clone(),
        ..v1::CreateKeyRequest::default()
    };
    let made = client.keys().create_key(request).await;
    made.expect("a key").into_inner()
}

/// With the tool `get`, as an edge would have told. It need not run: nobody calls it.
async fn upstream(client: &ControlClient, name: &str) -> String {
    let command = v1::StdioCommand {
        program: "some-server".to_owned(),
        ..v1::StdioCommand::default()
    };
    let definition = v1::UpstreamDefinition {
        name: name.to_owned(),
        transport: Some(Transport::Stdio(command)),
        ..v1::UpstreamDefinition::default()
    };
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let added = client.upstreams().add_upstream(request).await;
    let added = added.expect("an upstream").into_inner();
    let tool = v1::Tool {
        name: "get".to_owned(),
        definition: r#"{"name":"get"}"#.to_owned(),
        tier: v1::Tier::Read.into(),
        ..v1::Tool::default()
    };
    let report = v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: added.id.clone(),
            upstream_version: added.version,
            era: v1::Era::Legacy.into(),
            server_info: "{}".to_owned(),
            capabilities: "{}".to_owned(),
            tools: vec![tool],
            ..v1::Catalogue::default()
        }),
        upstream_id: added.id.clone(),
        upstream_version: added.version,
        ..v1::ReportCatalogueRequest::default()
    };
    let reported = client.sync().report_catalogue(report).await;
    reported.expect("a report");
    added.id
}

/// A call of the tool of an upstream, whose arguments were kept.
async fn call(client: &ControlClient, upstream: &str, owner: &v1::User, key: &str) {
    let bytes = |id: &str| Uuid::try_parse(id).expect("a UUID").as_bytes().to_vec();
    let record = v1::CallRecord {
        id: Uuid::now_v7().as_bytes().to_vec(),
        at_us: clock::now().timestamp_micros(),
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        method: "tools/call".to_owned(),
        upstream: Some(upstream.to_owned()),
        tool: Some("get".to_owned()),
        outcome: "ok".to_owned(),
        caller: Some(v1::RecordedCaller {
            key_id: bytes(key),
            key_name: upstream.to_owned(),
            owner_id: bytes(&owner.id),
            owner_name: owner.name.clone(),
        }),
        arguments: Some(v1::KeptArguments {
            json: "{}".to_owned(),
            cut: false,
        }),
        ..v1::CallRecord::default()
    };
    let request = v1::RecordRequest {
        records: vec![record],
    };
    let recorded = client.sync().record(request).await;
    recorded.expect("recorded");
}
