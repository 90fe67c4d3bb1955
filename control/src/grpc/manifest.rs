//! `ManifestService`.

use super::{op, upstreams};
use crate::{
    app::{
        App,
        manifest::{
            Action, Exported, FieldChange, How, Kind, Manifest, NamedBundle, NamedGroup, NamedPlan,
            NamedPolicy, NamedPrice, ObjectChange,
        },
        upstreams::UpstreamView,
    },
    error::{Error, Result},
};
use ostia_domain::{
    bundle::Selection, glob::Glob, name::UpstreamName, plan::Limits, policy::Rules, price::Currency,
};
use ostia_proto::{FieldError, v1};
use serde_json::Value;
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Manifests(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::manifest_service_server::ManifestService for Manifests {
    async fn apply_manifest(
        &self,
        request: Request<v1::ApplyManifestRequest>,
    ) -> Result<Response<v1::ApplyManifestResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let manifest = request
            .manifest
            .ok_or_else(|| Error::invalid("manifest", "is required"))?;
        let how = How {
            dry_run: request.dry_run,
            prune: request.prune,
        };
        let objects = self.0.apply_manifest(&op, read(manifest)?, how).await?;
        Ok(Response::new(v1::ApplyManifestResponse {
            objects: objects.into_iter().map(Into::into).collect(),
        }))
    }

    async fn export_manifest(
        &self,
        _request: Request<v1::ExportManifestRequest>,
    ) -> Result<Response<v1::Manifest>, Status> {
        Ok(Response::new(self.0.export_manifest().await?.into()))
    }
}

fn read(manifest: v1::Manifest) -> Result<Manifest> {
    let upstreams = manifest.upstreams.into_iter().map(|definition| {
        let place = Kind::Upstreams.place(&definition.name);
        at(&place, upstreams::new(Some(definition)))
    });
    let policies = manifest.policies.into_iter().map(|policy| {
        let place = Kind::Policies.place(&policy.name);
        let rules = policy.rules.map(Rules::try_from).transpose();
        Ok(NamedPolicy {
            rules: at(&place, rules)?,
            name: policy.name,
            preset: policy.preset,
        })
    });
    let plans = manifest.plans.into_iter().map(|plan| {
        let place = Kind::Plans.place(&plan.name);
        let limits = Limits::try_from(plan.limits.unwrap_or_default());
        Ok(NamedPlan {
            limits: at(&place, limits)?,
            name: plan.name,
        })
    });
    let bundles = manifest.bundles.into_iter().map(|bundle| {
        let place = Kind::Bundles.place(&bundle.name);
        let name = UpstreamName::new(bundle.name);
        let name = name.map_err(|error| FieldError::new("name", error));
        let selection = Selection::try_from(bundle.selection.unwrap_or_default());
        Ok(NamedBundle {
            name: at(&place, name)?,
            selection: at(&place, selection)?,
        })
    });
    let groups = manifest.groups.into_iter().map(|group| NamedGroup {
        name: group.name,
        policies: group.policies,
        plan: group.plan,
        members: group.members.map(|members| members.names),
    });
    let prices = manifest.prices.into_iter().map(|price| {
        let place = Kind::Prices.place(&price.tools);
        let tools = Glob::new(price.tools).map_err(|error| FieldError::new("tools", error));
        let currency = Currency::new(&price.currency);
        let currency = currency.map_err(|error| FieldError::new("currency", error));
        Ok(NamedPrice {
            tools: at(&place, tools)?,
            micros: price.micros,
            currency: at(&place, currency)?,
        })
    });
    Ok(Manifest {
        upstreams: upstreams.collect::<Result<_>>()?,
        policies: policies.collect::<Result<_>>()?,
        plans: plans.collect::<Result<_>>()?,
        bundles: bundles.collect::<Result<_>>()?,
        groups: groups.collect(),
        prices: prices.collect::<Result<_>>()?,
    })
}

fn at<T>(place: &str, read: Result<T, FieldError>) -> Result<T> {
    read.map_err(|error| Error::from(error).at(place))
}

impl From<ObjectChange> for v1::ObjectChange {
    fn from(object: ObjectChange) -> Self {
        let action = match object.action {
            Action::Unchanged => v1::ObjectAction::Unchanged,
            Action::Created => v1::ObjectAction::Created,
            Action::Changed => v1::ObjectAction::Changed,
            Action::Removed => v1::ObjectAction::Removed,
        };
        Self {
            kind: object.kind.as_str().to_owned(),
            name: object.name,
            action: action.into(),
            fields: object.fields.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<FieldChange> for v1::FieldChange {
    fn from(change: FieldChange) -> Self {
        let json = |value: Value| (!value.is_null()).then(|| value.to_string());
        Self {
            field: change.field,
            before: json(change.before),
            after: json(change.after),
        }
    }
}

impl From<Exported> for v1::Manifest {
    fn from(exported: Exported) -> Self {
        let definition = |stored| {
            let view = UpstreamView {
                stored,
                catalogue: None,
            };
            v1::Upstream::from(view).definition
        };
        let policies = exported.policies.into_iter().map(|stored| {
            let policy = stored.policy;
            v1::ManifestPolicy {
                name: policy.name,
                rules: Some(policy.rules.into()),
                preset: policy.preset,
            }
        });
        let plans = exported.plans.into_iter().map(|plan| v1::ManifestPlan {
            name: plan.name,
            limits: Some(plan.limits.into()),
        });
        let bundles = exported.bundles.into_iter().map(|stored| {
            let bundle = stored.bundle;
            v1::ManifestBundle {
                name: bundle.name.into(),
                selection: Some(bundle.selection.into()),
            }
        });
        let groups = exported.groups.into_iter().map(|view| v1::ManifestGroup {
            name: view.stored.group.name,
            policies: view.policies,
            plan: view.plan,
            members: Some(v1::GroupMembers {
                names: view.members,
            }),
        });
        let prices = exported.prices.into_iter().map(|stored| {
            let price = stored.price;
            v1::ManifestPrice {
                tools: price.tools.as_str().to_owned(),
                micros: price.micros,
                currency: price.currency.as_str().to_owned(),
            }
        });
        Self {
            upstreams: exported
                .upstreams
                .into_iter()
                .filter_map(definition)
                .collect(),
            policies: policies.collect(),
            plans: plans.collect(),
            bundles: bundles.collect(),
            groups: groups.collect(),
            prices: prices.collect(),
        }
    }
}
