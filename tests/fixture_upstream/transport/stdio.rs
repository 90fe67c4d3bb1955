//! One client over standard input and output.

use super::narrow::Narrow;
use crate::{Failure, server::Fixture};
use rmcp::{
    ServiceExt as _,
    transport::{IntoTransport as _, stdio_pipes},
};

pub(crate) async fn serve(fixture: Fixture) -> Result<(), Failure> {
    let transport = Narrow::new(stdio_pipes().into_transport(), fixture.era);
    fixture.serve(transport).await?.waiting().await?;
    Ok(())
}
