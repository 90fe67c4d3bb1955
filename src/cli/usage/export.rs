//! Records for other programs.

use super::{Format, MAX_PAGE, Record};
use crate::{
    cli::{
        criteria::Criteria,
        export::{BEFORE_ALL, Export, Form},
    },
    failure::Failure,
};
use ostia_proto::{ControlClient, v1};

pub(super) async fn run(
    format: Format,
    criteria: &Criteria,
    control: &ControlClient,
) -> Result<(), Failure> {
    let mut export = Export::begin::<Record>(match format {
        Format::Json => Form::Json,
        Format::Csv => Form::Csv,
    })?;
    // Oldest first: what happens meanwhile is at the end and not in the middle of two pages.
    let mut after = BEFORE_ALL.to_owned();
    loop {
        let request = v1::ListUsageRequest {
            after: Some(after.clone()),
            page_size: MAX_PAGE,
            ..criteria.records()
        };
        let records = control.usage().list_usage(request).await?.into_inner();
        let records: Vec<Record> = records.records.into_iter().map(Record::from).collect();
        if export.page(&records)?.is_break() {
            return Ok(());
        }
        match records.last() {
            Some(last) if records.len() == MAX_PAGE as usize => last.id.clone_into(&mut after),
            _ => return export.end(),
        }
    }
}
