use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::{
    bundle::{Bundle, Override, Selection},
    glob::Glob,
    name::UpstreamName,
};

impl From<Selection> for v1::Selection {
    fn from(selection: Selection) -> Self {
        Self {
            include: selection.include.into_iter().map(String::from).collect(),
            overrides: selection.overrides.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::Selection> for Selection {
    type Error = FieldError;
    fn try_from(selection: v1::Selection) -> Result<Self, FieldError> {
        let glob =
            |text| Glob::new(text).map_err(|error| FieldError::new("selection.include", error));
        Ok(Self {
            include: selection
                .include
                .into_iter()
                .map(glob)
                .collect::<Result<_, _>>()?,
            overrides: selection.overrides.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<Override> for v1::ToolOverride {
    fn from(shown: Override) -> Self {
        Self {
            tool: shown.tool,
            name: shown.name,
            description: shown.description,
        }
    }
}

impl From<v1::ToolOverride> for Override {
    fn from(shown: v1::ToolOverride) -> Self {
        Self {
            tool: shown.tool,
            name: shown.name,
            description: shown.description,
        }
    }
}

impl From<Bundle> for v1::Bundle {
    /// Without times and tag, which only control knows.
    fn from(bundle: Bundle) -> Self {
        Self {
            id: bundle.id.to_string(),
            name: bundle.name.into(),
            selection: Some(bundle.selection.into()),
            created_at: None,
            updated_at: None,
            etag: String::new(),
        }
    }
}

impl TryFrom<v1::Bundle> for Bundle {
    type Error = FieldError;
    fn try_from(bundle: v1::Bundle) -> Result<Self, FieldError> {
        Ok(Self {
            id: uuid("id", &bundle.id)?,
            name: UpstreamName::new(bundle.name).map_err(|error| FieldError::new("name", error))?,
            selection: bundle
                .selection
                .ok_or(FieldError::missing("selection"))?
                .try_into()?,
        })
    }
}
