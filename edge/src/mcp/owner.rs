//! The edge that keeps what cannot be sealed, as sealed ids name it.
//!
//! ```text
//! id: 16 | address, to the end; empty: nobody reaches it
//! ```

use uuid::Uuid;

/// An edge since its start: after a restart it is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub id: Uuid,
    /// Where other edges reach it, without a path. Unset: nowhere.
    pub url: Option<String>,
}

impl Owner {
    pub fn write(&self, content: &mut Vec<u8>) {
        content.extend_from_slice(self.id.as_bytes());
        content.extend_from_slice(self.url.as_deref().unwrap_or_default().as_bytes());
    }

    pub fn read(content: &[u8]) -> Option<Self> {
        let (id, url) = content.split_first_chunk::<16>()?;
        let url = std::str::from_utf8(url).ok()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            url: (!url.is_empty()).then(|| url.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_reads_back_with_and_without_an_address() {
        for url in [None, Some("http://10.0.0.7:8080".to_owned())] {
            let owner = Owner {
                id: Uuid::from_u128(7),
                url,
            };
            let mut content = Vec::new();
            owner.write(&mut content);
            assert_eq!(Owner::read(&content), Some(owner));
        }
        assert_eq!(Owner::read(&[0; 15]), None);
    }
}
