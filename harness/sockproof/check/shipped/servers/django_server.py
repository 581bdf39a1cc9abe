"""Django's development server, as manage.py runserver starts it (runs in the server's own
interpreter)."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path


def view(request: Any, path: str) -> Any:
    """GET /hello/you is greeted, what is posted comes back."""
    said = path.strip("/").replace("/", " ")
    return HttpResponse(request.body or f"{said}\n", content_type="text/plain")


urlpatterns = [re_path("(.*)", view)]


class DjangoDevelopmentServer:
    """Without the reloader, which would start a second process."""

    def __init__(self, host: str, port: int) -> None:
        settings.configure(
            ROOT_URLCONF=__name__,
            ALLOWED_HOSTS=["*"],
            SECRET_KEY="none",
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        )
        get_wsgi_application()
        self.where = f"{host}:{port}"

    def serve_forever(self) -> None:
        call_command("runserver", self.where, use_reloader=False)

    def close(self) -> None:
        pass
