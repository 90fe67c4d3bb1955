//! What upstreams were found to offer.

use super::{FieldError, all, uuid};
use crate::v1;
use ostia_domain::{
    name::{UpstreamName, canonical},
    tool::{Listed, Tier, Tool},
    upstream::{Catalogue, Era},
};

impl From<Era> for v1::Era {
    fn from(era: Era) -> Self {
        match era {
            Era::Legacy => Self::Legacy,
            Era::Modern => Self::Modern,
        }
    }
}

impl From<Tier> for v1::Tier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Read => Self::Read,
            Tier::Write => Self::Write,
            Tier::Destructive => Self::Destructive,
        }
    }
}

impl v1::Tool {
    /// As operators see it, with the name that policies use.
    pub fn of(upstream: &UpstreamName, tool: Tool) -> Self {
        Self {
            canonical_name: canonical(upstream, &tool.name),
            ..tool.into()
        }
    }
}

impl From<Tool> for v1::Tool {
    fn from(tool: Tool) -> Self {
        Self {
            name: tool.name,
            canonical_name: String::new(),
            tier: v1::Tier::from(tool.tier).into(),
            definition: tool.definition,
            asks_client: tool.asks_client,
        }
    }
}

impl TryFrom<v1::Tool> for Tool {
    type Error = FieldError;
    fn try_from(tool: v1::Tool) -> Result<Self, FieldError> {
        let tier = match tool.tier() {
            v1::Tier::Read => Tier::Read,
            v1::Tier::Write => Tier::Write,
            // A tier this build does not know is treated as the worst one.
            v1::Tier::Destructive | v1::Tier::Unspecified => Tier::Destructive,
        };
        Ok(Self {
            name: tool.name,
            definition: tool.definition,
            tier,
            asks_client: tool.asks_client,
        })
    }
}

impl From<Listed> for v1::ListedItem {
    fn from(item: Listed) -> Self {
        Self {
            name: item.name,
            definition: item.definition,
        }
    }
}

impl From<v1::ListedItem> for Listed {
    fn from(item: v1::ListedItem) -> Self {
        Self {
            name: item.name,
            definition: item.definition,
        }
    }
}

impl From<Catalogue> for v1::Catalogue {
    fn from(catalogue: Catalogue) -> Self {
        Self {
            upstream_id: catalogue.upstream_id.to_string(),
            upstream_version: catalogue.upstream_version,
            era: v1::Era::from(catalogue.era).into(),
            server_info: catalogue.server_info,
            tools: all(catalogue.tools),
            capabilities: catalogue.capabilities,
            instructions: catalogue.instructions,
            prompts: all(catalogue.prompts),
            resources: all(catalogue.resources),
            resource_templates: all(catalogue.resource_templates),
        }
    }
}

impl TryFrom<v1::Catalogue> for Catalogue {
    type Error = FieldError;
    fn try_from(catalogue: v1::Catalogue) -> Result<Self, FieldError> {
        let era = match catalogue.era() {
            v1::Era::Legacy => Era::Legacy,
            v1::Era::Modern => Era::Modern,
            v1::Era::Unspecified => return Err(FieldError::missing("era")),
        };
        Ok(Self {
            upstream_id: uuid("upstream_id", &catalogue.upstream_id)?,
            upstream_version: catalogue.upstream_version,
            era,
            server_info: catalogue.server_info,
            tools: catalogue
                .tools
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            capabilities: catalogue.capabilities,
            instructions: catalogue.instructions,
            prompts: all(catalogue.prompts),
            resources: all(catalogue.resources),
            resource_templates: all(catalogue.resource_templates),
        })
    }
}
