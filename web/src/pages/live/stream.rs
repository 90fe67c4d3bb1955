//! `/live/calls`: the rows of calls as server-sent events.
//!
//! A record gets its id when its call begins and is there when it has ended, so that a new one may be older
//! than those that were there.

use super::{CALLS, asked::Asked};
use crate::{
    Site,
    address::Query,
    following::{self, Newest},
    pages::usage::CallRow,
    render,
    session::Session,
    visitor::Visitor,
};
use axum::{extract::State, response::Response};
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

pub(super) async fn follow(
    State(site): State<Site>,
    session: Session,
    visitor: Option<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    let whose = visitor.as_ref().is_some_and(Visitor::oversees);
    following::follow(site, session, visitor, Calls { asked, whose }).await
}

struct Calls {
    asked: Asked,
    /// Whether rows say whose they are.
    whose: bool,
}

impl Newest for Calls {
    type Row = v1::UsageRecord;
    const MOST: usize = CALLS as usize;

    async fn newest(&self, visitor: &Visitor) -> Result<Vec<v1::UsageRecord>, Status> {
        let mut usage = visitor.control.usage();
        let listed = usage.list_usage(self.asked.request(CALLS)).await?;
        Ok(listed.into_inner().records)
    }

    fn id(row: &v1::UsageRecord) -> String {
        row.id.clone()
    }

    fn row(&self, row: v1::UsageRecord) -> String {
        let whose = self.whose;
        render::fragment(|| view! { <CallRow of=row whose=whose/> })
    }
}
