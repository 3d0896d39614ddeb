"""The application for `flask --app wsgi`; a web server takes `changetrack.app:create_serving_app`."""

from changetrack.app import create_app

app = create_app()
