"""Holds HTTP answers and stream messages against the vendor's OpenAPI files."""

import copy
import json
import re
from pathlib import Path

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker

# Answers that are described with a body are checked against it; of refusals the files describe only the status, so
# they are held against the one error form that the vendor's file has.
REFUSAL = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer"}, "message": {"type": "string", "minLength": 1}},
}
# Every operation can refuse, whether its description says so or not.
REFUSALS = {400, 401, 403, 404, 405, 408, 413, 422, 429, 500}


class Broken(Exception):
    """An answer that is not as the vendor describes it."""


class Contract:
    def __init__(self, folder):
        self.operations = []
        self.seen = set()
        for name in ("trading-api.openapi.json", "market-data-api.openapi.json"):
            # A missing file ends the run here.
            document = json.loads((Path(folder) / name).read_text(encoding="utf-8"))
            self._mend(document)
            for path, item in document["paths"].items():
                pattern = re.compile("".join(
                    "[^/]+(?:/[^/]+)?" if "symbol_or_asset_id" in part else "[^/]+" if part.startswith("{") else re.escape(part)
                    for part in re.split(r"(\{[^}]+\})", path)
                ) + "$")
                # Literal paths before templates, longer ones first.
                rank = (path.count("{"), -len(path))
                for method, operation in item.items():
                    if method in ("get", "post", "put", "patch", "delete"):
                        self.operations.append((rank, method.upper(), pattern, path, operation, document))
        self.operations.sort(key=lambda row: row[0])
        if len(self.operations) < 50:
            raise Broken(f"the OpenAPI files hold {len(self.operations)} operations: these are not the vendor's")
        self.trading = next(row[5] for row in self.operations if row[3] == "/v2/account")

    @staticmethod
    def _mend(document):
        """The one defect of the files that matters: an account activity is declared `oneOf` two schemas that have no
        required field, so that every activity is valid as both and therefore as neither."""
        item = document["paths"].get("/v2/account/activities/{activity_type}")
        if item:
            items = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]
            items["anyOf"] = items.pop("oneOf")

    def check_response(self, response):
        """A hook of requests.Session: raises when the answer is not the vendor's."""
        method = response.request.method
        path = re.sub(r"%2[fF]", "/", response.url.split("?")[0].split("/", 3)[3])
        self.check(method, "/" + path, response.status_code, response.text)

    def check(self, method, path, status, text):
        found = next((row for row in self.operations if row[1] == method and row[2].match(path)), None)
        if not found:
            raise Broken(f"{method} {path} is in neither OpenAPI file")
        _, _, _, template, operation, document = found
        self.seen.add((method, template, status))
        described = operation["responses"].get(str(status))
        if described is None and status not in REFUSALS:
            raise Broken(f"{method} {template} answered {status}, which is not described")
        if described and "$ref" in described:
            described = self._resolve(document, described["$ref"])
        content = (described or {}).get("content", {}).get("application/json")
        if status == 204:
            if text:
                raise Broken(f"{method} {template}: 204 with a body")
            return
        body = json.loads(text)
        schema = content["schema"] if content and "schema" in content else REFUSAL if status >= 400 else None
        if schema is None:
            raise Broken(f"{method} {template} {status}: no body is described, and there is one")
        self._hold(document, schema, body, f"{method} {path} {status}")

    def check_trade_update(self, message):
        """The order in a stream message is the `Order` of the REST side."""
        self._hold(self.trading, {"$ref": "#/components/schemas/Order"}, message["order"], "trade_updates")

    @staticmethod
    def _resolve(document, ref):
        for part in ref.lstrip("#/").split("/"):
            document = document[part]
        return document

    @staticmethod
    def _hold(document, schema, body, where):
        whole = {"allOf": [copy.deepcopy(schema)], "components": document["components"]}
        validator = OAS30ReadValidator(whole, format_checker=oas30_format_checker)
        problems = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in validator.iter_errors(body)]
        if problems:
            raise Broken(f"{where}: " + "; ".join(problems[:5]))
