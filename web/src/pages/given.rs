//! What users, groups and keys are given: policies and plans, to choose from.

use crate::{
    components::form::{Choice, Choices, Posted, SelectField},
    visitor::Visitor,
};
use leptos::prelude::*;
use ostia_proto::v1;
use tonic::Status;

/// Names of everything that can be given.
#[derive(Clone, Default)]
pub(crate) struct Given {
    policies: Vec<String>,
    plans: Vec<String>,
}

impl Given {
    pub(crate) async fn of(visitor: &Visitor) -> Result<Self, Status> {
        let (mut policies, mut plans) = (visitor.control.policies(), visitor.control.plans());
        let (policies, plans) = tokio::try_join!(
            policies.list_policies(v1::ListPoliciesRequest {}),
            plans.list_plans(v1::ListPlansRequest {}),
        )?;
        let policies = policies.into_inner().policies.into_iter();
        let plans = plans.into_inner().plans.into_iter();
        Ok(Self {
            policies: policies.map(|policy| policy.name).collect(),
            plans: plans.map(|plan| plan.name).collect(),
        })
    }
}

#[component]
pub(crate) fn GivenFields(
    posted: Posted,
    given: Given,
    #[prop(into)] plan_hint: String,
) -> impl IntoView {
    let none = given.policies.is_empty();
    let of_form = posted.clone();
    let policies = given.policies.into_iter().map(move |name| {
        let checked = of_form.has("policies", &name);
        view! { <Choice kind="checkbox" name="policies" value=name.clone() label=name checked=checked/> }
    });
    let policies = policies.collect_view();
    let plans = given.plans.into_iter().map(|plan| (plan.clone(), plan));
    let plans = [(String::new(), "none".to_owned())]
        .into_iter()
        .chain(plans);
    view! {
        <Choices posted=posted.clone() name="policies" legend="Policies">
            {policies}
            {none.then(|| view! { <p class="quiet">"There are no policies yet."</p> })}
        </Choices>
        <SelectField posted=posted name="plan" label="Plan" hint=plan_hint options=plans.collect()/>
    }
}
