from typing import Any

app_name = "competitions"
urlpatterns: list[Any] = []
