//! The gRPC services of control.
