//! The built-in demo: the only upstream that test keys reach, so that they are made and it is removed only where
//! none of them is left without it.

use crate::{
    error::{Error, Result},
    op::Op,
    store::{self, Tx},
};
use ostia_domain::upstream::{Transport, Upstream};

/// What its definition must be. Nothing else may call itself so.
const PROGRAM: &str = "ostia";
const ARGS: [&str; 1] = ["demo-upstream"];

pub(super) fn check(upstream: &Upstream) -> Result<()> {
    let is_demo = match &upstream.transport {
        Transport::Stdio(command) => command.program == PROGRAM && command.args == ARGS,
        Transport::Http(_) | Transport::Sse(_) => false,
    };
    if upstream.demo && !is_demo {
        let problem = format!("is only for `{PROGRAM} {}`", ARGS.join(" "));
        return Err(Error::invalid("definition.demo", problem));
    }
    Ok(())
}

/// Before a test key is made.
pub(in crate::app) async fn require(tx: &Tx) -> Result<()> {
    if store::upstreams::has_demo(tx).await? {
        return Ok(());
    }
    Err(Error::conflict(
        "a test key reaches the demo upstream alone, and there is none: an operator adds it with \
         `ostia upstreams add-demo`",
    ))
}

/// After a change in which this was removed, or has become another one.
pub(in crate::app) async fn keep(tx: &Tx, op: &Op, before: &Upstream) -> Result<()> {
    let left_without = before.demo
        && !store::upstreams::has_demo(tx).await?
        && store::keys::any_test(tx, op.now).await?;
    if left_without {
        return Err(Error::conflict(
            "test keys reach the demo upstream alone, and this is it: revoke them first, or disable it to have \
             nothing of it served",
        ));
    }
    Ok(())
}
