//! One thing that a tool or a prompt wants to know from its client.

use rmcp::{
    ErrorData, RoleServer, ServiceError,
    model::{
        ClientCapabilities, CustomRequest, ElicitRequestParams, EnumSchema, InputRequest,
        PrimitiveSchemaDefinition, ServerRequest,
    },
    service::Peer,
};
use serde_json::{Value, json};

/// A request to the client, and under which key its answer is found.
pub(crate) struct Question {
    pub(crate) key: &'static str,
    method: &'static str,
    params: Value,
}

impl Question {
    /// Asks the user to fill in a form.
    pub(crate) fn form(key: &'static str, params: Value) -> Self {
        Self {
            key,
            method: "elicitation/create",
            params,
        }
    }

    /// Asks the user for one value.
    pub(crate) fn value(key: &'static str, message: &str, name: &str, kind: &str) -> Self {
        let params = json!({
            "message": message,
            "requestedSchema": {
                "type": "object",
                "properties": { name: { "type": kind } },
                "required": [name],
            },
        });
        Self::form(key, params)
    }

    /// Asks the client's model.
    pub(crate) fn model(key: &'static str, prompt: &str, max_tokens: u32) -> Self {
        let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
        Self {
            key,
            method: "sampling/createMessage",
            params: json!({ "messages": [message], "maxTokens": max_tokens }),
        }
    }

    pub(crate) fn roots(key: &'static str) -> Self {
        Self {
            key,
            method: "roots/list",
            params: json!({}),
        }
    }

    /// The capability that this needs.
    fn capability(&self) -> &'static str {
        match self.method {
            "elicitation/create" => "elicitation",
            "sampling/createMessage" => "sampling",
            _ => "roots",
        }
    }

    pub(crate) fn can_be_answered(&self, capabilities: &ClientCapabilities) -> bool {
        let declared = serde_json::to_value(capabilities).expect("capabilities are JSON");
        declared.get(self.capability()).is_some()
    }

    /// What a client that cannot answer should have declared.
    pub(crate) fn required(&self) -> ClientCapabilities {
        serde_json::from_value(json!({ self.capability(): {} })).expect("a capability")
    }

    /// As a part of an `input_required` result.
    pub(crate) fn in_result(&self) -> InputRequest {
        let request = json!({ "method": self.method, "params": self.params });
        let mut request: InputRequest = serde_json::from_value(request).expect("a request");
        if let InputRequest::Elicitation(elicit) = &mut request
            && let ElicitRequestParams::FormElicitationParams {
                requested_schema, ..
            } = &mut elicit.params
        {
            for (name, property) in &mut requested_schema.properties {
                keep_titles(
                    property,
                    &self.params["requestedSchema"]["properties"][name],
                );
            }
        }
        request
    }

    /// As a request of its own; only legacy clients take those.
    pub(crate) async fn put(&self, client: &Peer<RoleServer>) -> Result<Value, ErrorData> {
        let request = CustomRequest::new(self.method, Some(self.params.clone()));
        match client
            .send_request(ServerRequest::CustomRequest(request))
            .await
        {
            Ok(answer) => Ok(serde_json::to_value(answer).expect("an answer is JSON")),
            Err(ServiceError::McpError(refusal)) => Err(refusal),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }
}

/// The SDK reads a list of choices with titles beside them as one without.
fn keep_titles(property: &mut PrimitiveSchemaDefinition, written: &Value) {
    if written.get("enumNames").is_some() {
        let schema = serde_json::from_value(written.clone()).expect("choices with titles");
        *property = PrimitiveSchemaDefinition::Enum(EnumSchema::Legacy(schema));
    }
}
