//! The tasks that legacy sessions began: what an upstream tells of one outside of any call names nobody.

use super::task_ids::TaskIds;
use moka::sync::Cache;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// A session that begins no task and hears of none for so long hears of none any more; it can still ask.
const IDLE: Duration = Duration::from_secs(3600);
const MAX_SESSIONS: u64 = 100_000;
/// Of how many tasks one session hears, the first ones.
const MAX_TASKS: usize = 1000;

/// A task as its session knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The upstream's own name of the tool that was called.
    pub tool: String,
    /// Its id, as JSON.
    pub shown: String,
}

/// By the worker and the upstream's own id, as JSON: workers may use the same ids.
type Tasks = Mutex<HashMap<(Uuid, String), Begun>>;

pub struct SessionTasks(Cache<Uuid, Arc<Tasks>>);

impl Default for SessionTasks {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_SESSIONS)
            .time_to_idle(IDLE)
            .build();
        Self(cache)
    }
}

impl SessionTasks {
    pub fn add(&self, session: Uuid, ids: &TaskIds, own: &[u8], shown: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tasks = self.0.get_with(session, Arc::default);
        let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.len() < MAX_TASKS {
            let tool = ids.tool.clone();
            let shown = text(shown);
            tasks.insert((ids.worker, text(own)), Begun { tool, shown });
        }
    }

    pub fn find(&self, session: Uuid, worker: Uuid, own: &str) -> Option<Begun> {
        let tasks = self.0.get(&session)?;
        let tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.get(&(worker, own.to_owned())).cloned()
    }

    /// A session that ended hears nothing.
    pub fn end(&self, session: Uuid) {
        self.0.invalidate(&session);
    }
}
