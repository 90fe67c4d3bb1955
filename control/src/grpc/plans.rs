//! `PlansService`.

use super::{op, status};
use crate::app::{
    App,
    allowances::{Allowance, Quota},
    plans,
};
use ostia_domain::plan::Plan;
use ostia_proto::{convert::timestamp, v1};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub(super) struct Plans(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::plans_service_server::PlansService for Plans {
    async fn create_plan(
        &self,
        request: Request<v1::CreatePlanRequest>,
    ) -> Result<Response<v1::Plan>, Status> {
        let op = op(&request);
        let plan = request
            .into_inner()
            .plan
            .ok_or_else(|| status::missing("plan"))?;
        if !plan.id.is_empty() {
            return Err(crate::error::Error::invalid("plan.id", "is chosen by control").into());
        }
        let plan = Plan::try_from(v1::Plan {
            id: Uuid::now_v7().to_string(),
            ..plan
        })
        .map_err(status::field)?;
        Ok(Response::new(message(self.0.create_plan(&op, plan).await?)))
    }

    async fn list_plans(
        &self,
        _request: Request<v1::ListPlansRequest>,
    ) -> Result<Response<v1::ListPlansResponse>, Status> {
        let plans = self.0.list_plans().await?;
        Ok(Response::new(v1::ListPlansResponse {
            plans: plans.into_iter().map(message).collect(),
        }))
    }

    async fn get_plan(
        &self,
        request: Request<v1::GetPlanRequest>,
    ) -> Result<Response<v1::Plan>, Status> {
        let plan = self.0.plan(&request.get_ref().plan).await?;
        Ok(Response::new(message(plan)))
    }

    async fn update_plan(
        &self,
        request: Request<v1::UpdatePlanRequest>,
    ) -> Result<Response<v1::Plan>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let limits = request.limits.ok_or_else(|| status::missing("limits"))?;
        let limits = limits.try_into().map_err(status::field)?;
        let plan = self.0.update_plan(&op, &request.plan, limits).await?;
        Ok(Response::new(message(plan)))
    }

    async fn delete_plan(
        &self,
        request: Request<v1::DeletePlanRequest>,
    ) -> Result<Response<v1::DeletePlanResponse>, Status> {
        let op = op(&request);
        self.0.delete_plan(&op, &request.get_ref().plan).await?;
        Ok(Response::new(v1::DeletePlanResponse {}))
    }

    async fn list_allowances(
        &self,
        request: Request<v1::ListAllowancesRequest>,
    ) -> Result<Response<v1::ListAllowancesResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let user = request.user.as_deref();
        let allowances = self.0.list_allowances(&op, user, &request.keys).await?;
        Ok(Response::new(v1::ListAllowancesResponse {
            allowances: allowances.into_iter().map(Into::into).collect(),
        }))
    }
}

fn message(plan: Plan) -> v1::Plan {
    v1::Plan {
        etag: plans::etag(&plan),
        ..plan.into()
    }
}

impl From<Allowance> for v1::Allowance {
    fn from(allowance: Allowance) -> Self {
        let quotas: Vec<v1::Quota> = allowance.quotas.into_iter().map(Into::into).collect();
        let of_month = quotas
            .iter()
            .find(|quota| quota.period() == v1::Period::Month);
        Self {
            subject_id: allowance.subject.to_string(),
            plan: allowance.plan,
            limits: Some(allowance.limits.into()),
            quota_taken: of_month.map_or(0, |quota| quota.taken),
            quota_renews_at: of_month.and_then(|quota| quota.renews_at),
            quotas,
        }
    }
}

impl From<Quota> for v1::Quota {
    fn from(quota: Quota) -> Self {
        Self {
            period: v1::Period::from(quota.period).into(),
            calls: quota.calls,
            taken: quota.taken,
            renews_at: Some(timestamp(quota.renews_at)),
        }
    }
}
