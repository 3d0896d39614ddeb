"""Whether this process lives and whether it can work, for whoever watches over it."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from changetrack.queries.readiness import get_readiness
from changetrack.web.platform import clock, public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    found = get_readiness(now=clock().now())
    response = jsonify(status=found.status, checks=asdict(found))
    response.status_code = 200 if found.is_ready else 503
    return response
