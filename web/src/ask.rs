//! What several pages ask control for a visitor.

use crate::visitor::Visitor;
use ostia_proto::v1;
use tonic::{Code, Status};

impl Visitor {
    /// What a user may use: all upstreams, or one.
    pub(crate) async fn access(
        &self,
        user: &str,
        upstream: Option<&str>,
    ) -> Result<v1::ListAccessResponse, Status> {
        let request = v1::ListAccessRequest {
            user: user.to_owned(),
            upstream: upstream.map(str::to_owned),
            without_definitions: false,
        };
        let access = self.control.policies().list_access(request).await?;
        Ok(access.into_inner())
    }

    /// The same of all upstreams, without what they say about their tools.
    pub(crate) async fn access_by_name(
        &self,
        user: &str,
    ) -> Result<v1::ListAccessResponse, Status> {
        let request = v1::ListAccessRequest {
            user: user.to_owned(),
            upstream: None,
            without_definitions: true,
        };
        let access = self.control.policies().list_access(request).await?;
        Ok(access.into_inner())
    }

    /// What limits a user and these of their keys.
    pub(crate) async fn allowances(
        &self,
        user: &str,
        keys: Vec<String>,
    ) -> Result<Vec<v1::Allowance>, Status> {
        let request = v1::ListAllowancesRequest {
            user: Some(user.to_owned()),
            keys,
        };
        let listed = self.control.plans().list_allowances(request).await?;
        Ok(listed.into_inner().allowances)
    }

    pub(crate) async fn key(&self, key: &str) -> Result<v1::Key, Status> {
        let request = v1::GetKeyRequest {
            key: key.to_owned(),
            owner: None,
        };
        Ok(self.control.keys().get_key(request).await?.into_inner())
    }

    /// A page of what happened to a key; with the first one, who used it lately.
    pub(crate) async fn key_events(
        &self,
        key: &str,
        cursor: &str,
    ) -> Result<v1::ListKeyEventsResponse, Status> {
        let request = v1::ListKeyEventsRequest {
            key: key.to_owned(),
            page_size: 20,
            page_token: cursor.to_owned(),
        };
        let mut keys = self.control.keys();
        Ok(keys.list_key_events(request).await?.into_inner())
    }

    /// A page of the visitor's own keys, newest first.
    pub(crate) async fn own_keys(
        &self,
        page_size: u32,
        cursor: &str,
    ) -> Result<v1::ListKeysResponse, Status> {
        let request = v1::ListKeysRequest {
            owner: Some(self.id.to_string()),
            page_size,
            page_token: cursor.to_owned(),
            ..v1::ListKeysRequest::default()
        };
        Ok(self.control.keys().list_keys(request).await?.into_inner())
    }

    /// Calls, added up.
    pub(crate) async fn sums(
        &self,
        request: v1::SummarizeUsageRequest,
    ) -> Result<Vec<v1::UsageSummary>, Status> {
        let sums = self.control.usage().summarize_usage(request).await?;
        Ok(sums.into_inner().rows)
    }
    /// The sums with the most calls. `None`: there are more than control adds up in one answer.
    pub(crate) async fn top_sums(
        &self,
        top: u32,
        request: v1::SummarizeUsageRequest,
    ) -> Result<Option<Vec<v1::UsageSummary>>, Status> {
        let request = v1::SummarizeUsageRequest {
            top: Some(top),
            ..request
        };
        unless_too_many(self.sums(request).await)
    }
}

/// What is wrong with a question besides is said where the same calls are one sum.
pub(crate) fn unless_too_many<T>(sums: Result<T, Status>) -> Result<Option<T>, Status> {
    match sums {
        Ok(rows) => Ok(Some(rows)),
        Err(status) if status.code() == Code::InvalidArgument => Ok(None),
        Err(status) => Err(status),
    }
}
