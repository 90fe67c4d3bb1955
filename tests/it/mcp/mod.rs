//! The MCP endpoint, through the real program.
