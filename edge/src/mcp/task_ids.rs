//! The ids of tasks: an upstream's own, and what its client knows instead ([`Task`]).

mod task;

pub use task::Task;

use super::{
    answer::Addressee,
    envelope::{Message, member, span, string},
    era::{Era, META_RELATED_TASK},
    owner::Owner,
    relay::Relayed,
    seal::Sealer,
    splice::{Edit, splice},
};
use crate::pool::pending::Answer;
use memchr::memmem;
use serde_json::value::RawValue;
use std::{ops::Range, sync::Arc};
use uuid::Uuid;

pub const MEMBER: &str = "taskId";

/// Where an id stands in a message, and the one that comes there.
pub type Renamed = (Range<usize>, Vec<u8>);

/// The tasks that one conversation can be about: those of its tool on its worker.
#[derive(Clone)]
pub struct TaskIds {
    pub sealer: Arc<Sealer>,
    pub owner: Uuid,
    pub upstream: Uuid,
    pub worker: Uuid,
    pub at: Option<Owner>,
    pub tool: String,
    /// A legacy client asked for a task.
    pub wanted: bool,
    /// The task that the client asks about, and its id as the client wrote it, as JSON.
    pub asked: Option<(Task, String)>,
}

impl TaskIds {
    /// The places that make an upstream's answer name its tasks as the client does.
    pub fn in_answer(&self, answer: &Answer, addressee: &Addressee) -> Vec<Renamed> {
        if !answer.is_result || memmem::find(answer.payload(), MEMBER.as_bytes()).is_none() {
            return Vec::new();
        }
        let Ok(result) = serde_json::from_slice::<&RawValue>(answer.payload()) else {
            return Vec::new();
        };
        let found = [self.named(result, addressee), related(result)];
        self.renamed(&answer.line, found.into_iter().flatten())
    }

    /// Where a result says which task it is about.
    fn named<'a>(&self, result: &'a RawValue, addressee: &Addressee) -> Option<&'a RawValue> {
        match (addressee.relayed, addressee.era) {
            (Relayed::Task, _) => member(result, MEMBER),
            (Relayed::Call, Era::Modern) => member(result, "resultType")
                .and_then(string)
                .filter(|kind| kind == "task")
                .and_then(|_| member(result, MEMBER)),
            (Relayed::Call, Era::Legacy) => member(result, "task")
                .filter(|_| self.wanted)
                .and_then(|task| member(task, MEMBER)),
            _ => None,
        }
    }

    /// The same in what is said or asked in between.
    pub fn in_message(&self, line: &[u8]) -> Vec<Renamed> {
        if memmem::find(line, MEMBER.as_bytes()).is_none() {
            return Vec::new();
        }
        let Ok(message) = Message::parse(line) else {
            return Vec::new();
        };
        let Some(params) = message.params else {
            return Vec::new();
        };
        let about = message.method.as_deref().is_some_and(is_status);
        let named = member(params, MEMBER).filter(|_| about);
        self.renamed(line, [named, related(params)].into_iter().flatten())
    }

    fn renamed<'a>(&self, line: &[u8], found: impl Iterator<Item = &'a RawValue>) -> Vec<Renamed> {
        found
            .filter_map(|own| Some((span(line, own), self.shown(own)?.into_bytes())))
            .collect()
    }

    /// The client's id of a task, as JSON.
    fn shown(&self, own: &RawValue) -> Option<String> {
        string(own)?;
        if let Some((task, shown)) = &self.asked
            && task.own == own.get()
        {
            return Some(shown.clone());
        }
        let task = Task {
            upstream: self.upstream,
            worker: self.worker,
            at: self.at.clone(),
            tool: self.tool.clone(),
            own: own.get().to_owned(),
        };
        task.seal(&self.sealer, self.owner)
            .map(|id| format!("\"{id}\""))
    }
}

pub fn edits(tasks: &[Renamed]) -> Vec<Edit<'_>> {
    tasks
        .iter()
        .map(|(at, with)| Edit {
            at: at.clone(),
            with,
        })
        .collect()
}

/// Whether a notification tells how a task gets on.
pub fn is_status(method: &str) -> bool {
    matches!(method, "notifications/tasks" | "notifications/tasks/status")
}

/// What is told about a task, by the id that its client knows; unset for what tells of none.
pub fn told(line: &[u8], shown: &str) -> Option<Vec<u8>> {
    let params = Message::parse(line).ok()?.params?;
    let found = [member(params, MEMBER), related(params)];
    let renamed = |own| (span(line, own), shown.as_bytes().to_vec());
    let renamed: Vec<Renamed> = found.into_iter().flatten().map(renamed).collect();
    (!renamed.is_empty()).then(|| splice(line, &mut edits(&renamed)))
}

/// Whether what is told about a task has its result in it.
pub fn has_result(line: &[u8]) -> bool {
    let message = Message::parse(line).unwrap_or_default();
    message
        .params
        .is_some_and(|params| member(params, "result").is_some())
}

/// The id in what a legacy message says about the task that it belongs to.
fn related(object: &RawValue) -> Option<&RawValue> {
    member(member(member(object, "_meta")?, META_RELATED_TASK)?, MEMBER)
}

/// What a legacy client answers, with the upstream's own id of the task that it says the answer belongs
/// to.
pub fn to_upstream(sealer: &Sealer, owner: Uuid, answer: &RawValue) -> String {
    let text = answer.get();
    let own = related(answer)
        .and_then(|id| Some((span(text.as_bytes(), id), string(id)?)))
        .and_then(|(at, id)| Some((at, Task::open(sealer, owner, &id)?.own)));
    let Some((at, own)) = own else {
        return text.to_owned();
    };
    [&text[..at.start], &own, &text[at.end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::pending::Notification;
    use axum::body::Bytes;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use ostia_domain::key::Secret;
    use serde_json::Value;

    fn ids() -> TaskIds {
        let key = Secret::new(BASE64_STANDARD.encode([7; 32]));
        TaskIds {
            sealer: Arc::new(Sealer::new(&[key]).unwrap()),
            owner: Uuid::from_u128(1),
            upstream: Uuid::from_u128(2),
            worker: Uuid::from_u128(3),
            at: None,
            tool: "work".into(),
            wanted: false,
            asked: None,
        }
    }

    fn addressee(relayed: Relayed, era: Era) -> Addressee {
        Addressee {
            id: Bytes::from_static(b"1"),
            progress_token: None,
            log_level: None,
            era,
            relayed,
        }
    }

    /// What a client reads of an upstream's answer.
    fn read(ids: &TaskIds, (relayed, era): (Relayed, Era), line: &str) -> Value {
        let message = Message::parse(line.as_bytes()).unwrap();
        let answer = Answer {
            id: span(line.as_bytes(), message.id.unwrap()),
            payload: span(line.as_bytes(), message.result.unwrap()),
            is_result: true,
            line: Bytes::copy_from_slice(line.as_bytes()),
        };
        let client = addressee(relayed, era);
        let text = client.answer(&answer, era, &ids.in_answer(&answer, &client));
        serde_json::from_slice(&text).unwrap()
    }

    fn opened(ids: &TaskIds, shown: &Value) -> String {
        let id = shown.as_str().unwrap();
        let task = Task::open(&ids.sealer, ids.owner, id).unwrap();
        assert_eq!((task.upstream, task.worker), (ids.upstream, ids.worker));
        assert_eq!(task.tool, "work");
        assert_eq!(Task::open(&ids.sealer, Uuid::from_u128(9), id), None);
        task.own
    }

    #[test]
    fn a_task_is_named_anew_in_either_era() {
        let ids = TaskIds {
            wanted: true,
            ..ids()
        };
        let modern = r#"{"id":1,"result":{"resultType":"task","taskId":"t\u0031"}}"#;
        let read_as = |era, line: &str| read(&ids, (Relayed::Call, era), line);
        let shown = read_as(Era::Modern, modern);
        assert_eq!(opened(&ids, &shown["result"]["taskId"]), r#""t\u0031""#);
        assert_eq!(shown, read_as(Era::Modern, modern), "the same each time");
        let legacy = r#"{"id":1,"result":{"task":{"status":"working","taskId":"a"},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"}}}}"#;
        let shown = read_as(Era::Legacy, legacy);
        let result = &shown["result"];
        assert_eq!(opened(&ids, &result["task"]["taskId"]), "\"a\"");
        assert_eq!(
            result["_meta"][META_RELATED_TASK]["taskId"],
            result["task"]["taskId"]
        );
    }

    #[test]
    fn a_tool_may_speak_of_tasks_of_its_own() {
        for line in [
            r#"{"id":1,"result":{"resultType":"complete","taskId":"a"}}"#,
            r#"{"id":1,"result":{"structuredContent":{"taskId":"a","resultType":"task"}}}"#,
            r#"{"id":1,"result":{"task":{"taskId":"a"}}}"#,
        ] {
            let sent: Value = serde_json::from_str(line).unwrap();
            for era in [Era::Legacy, Era::Modern] {
                assert_eq!(read(&ids(), (Relayed::Call, era), line), sent);
            }
        }
    }

    #[test]
    fn who_asks_about_a_task_reads_the_id_that_it_wrote() {
        let task = Task {
            upstream: Uuid::from_u128(2),
            worker: Uuid::from_u128(3),
            at: None,
            tool: "work".into(),
            own: "\"a\"".into(),
        };
        let ids = TaskIds {
            asked: Some((task, "\"as it was sealed under an older key\"".into())),
            ..ids()
        };
        let line = r#"{"id":1,"result":{"taskId":"a","result":{"taskId":"a"}}}"#;
        let shown = read(&ids, (Relayed::Task, Era::Modern), line);
        let result = &shown["result"];
        assert_eq!(result["taskId"], "as it was sealed under an older key");
        assert_eq!(result["result"]["taskId"], "a", "the tool's own words");
    }

    #[test]
    fn what_is_said_about_a_task_names_it_too() {
        let ids = ids();
        let line = r#"{"method":"notifications/tasks/status","params":{"taskId":"a"}}"#;
        let said = Notification {
            line: Bytes::copy_from_slice(line.as_bytes()),
            kind: crate::pool::pending::Kind::Other,
        };
        let client = addressee(Relayed::Task, Era::Legacy);
        let told = client.notification(&said, &ids.in_message(&said.line));
        let told: Value = serde_json::from_slice(&told.unwrap()).unwrap();
        assert_eq!(opened(&ids, &told["params"]["taskId"]), "\"a\"");
        let other = r#"{"method":"notifications/other","params":{"taskId":"a"}}"#;
        assert!(ids.in_message(other.as_bytes()).is_empty());
    }

    #[test]
    fn an_answer_goes_back_to_the_task_that_asked() {
        let ids = ids();
        let own: &RawValue = serde_json::from_str("\"a\"").unwrap();
        let shown = ids.shown(own).unwrap();
        let answer = |id: &str| {
            format!(r#"{{"action":"accept","_meta":{{"{META_RELATED_TASK}":{{"taskId":{id}}}}}}}"#)
        };
        let translated = |owner: u128, text: String| {
            let raw: &RawValue = serde_json::from_str(&text).unwrap();
            to_upstream(&ids.sealer, Uuid::from_u128(owner), raw)
        };
        assert_eq!(translated(1, answer(&shown)), answer("\"a\""));
        assert_eq!(translated(2, answer(&shown)), answer(&shown));
        assert_eq!(translated(1, answer("\"x\"")), answer("\"x\""));
    }
}
