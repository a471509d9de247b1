//! Health and metrics, on an address of their own that is never public.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::telemetry::health::{Condition, Health};

/// The text format that Prometheus and OpenMetrics readers take.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes `/healthz`, `/readyz` and `/metrics`.
pub fn router(health: Arc<Health>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<Condition>,
    /// Reported, but no reason to send deliveries elsewhere.
    site_fails: bool,
    /// Also no reason to send deliveries elsewhere: settings with a mistake, an archive that is away.
    warnings: Vec<Condition>,
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let reasons = health.faults();
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (site_fails, warnings) = (health.site_fails(), health.warnings());
    let readiness = Readiness { ready, reasons, site_fails, warnings };
    (status, Json(readiness)).into_response()
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], health.metrics()).into_response()
}
