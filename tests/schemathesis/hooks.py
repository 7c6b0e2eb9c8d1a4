"""What Schemathesis needs to know of a sandbox beyond its documents: how to log in, and which objects there are."""

import json
import os
import urllib.request

import schemathesis

READY = json.loads(os.environ["SANDBOX"])
BASE_URL = READY["thirdparty"]["base_url"]
LOGIN = {name: READY["thirdparty"][name] for name in ["email", "password"]}
API_TOKEN = READY["verifyinvestor"]["api_token"]
THIRDPARTY = "/api_third_party/"


def fetch(path, token, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE_URL + path, data, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def login():
    return fetch(f"{THIRDPARTY}auth/login/", None, LOGIN)["token"]


class Token:
    """The token of a login, until a test logs it out."""

    thirdparty = None


@schemathesis.auth(refresh_interval=None)
class Authorization:
    def get(self, case, ctx):
        if not case.path.startswith(THIRDPARTY):
            return API_TOKEN
        if Token.thirdparty is None:
            Token.thirdparty = login()
        return Token.thirdparty

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Token {data}"


@schemathesis.hook
def after_call(context, case, response):
    if "/auth/logout" in case.path and response.status_code == 204:
        Token.thirdparty = None


def start(user):
    """Verification requests of an investor: one new, one waiting for its review, one with a certificate."""
    requests = f"/api/v1/users/{user}/verification_requests"
    for name, steps in [("Ada", 0), ("Grace", 1), ("Mary", 2)]:
        id = fetch(requests, API_TOKEN, {"legal_name": name})["id"]
        calls = [("simulate_investor_completion", {}), ("review", {"status": "accredited"})]
        for action, body in calls[:steps]:
            fetch(f"{requests}/{id}/{action}", API_TOKEN, body)


def known():
    """Ids of what is there, by the name that a path or a body has for them."""
    token = login()
    ids = {}
    for resource in [
        "investments",
        "investors",
        "invoices",
        "kyb_documents",
        "subscription_agreement_investor_signatures",
    ]:
        rows = fetch(f"{THIRDPARTY}{resource}/?page_size=20", token)["results"]
        ids[resource] = [row["id"] for row in rows]
        if resource == "investments":
            ids["offering"] = [row["offering"]["id"] for row in rows]
        if resource == "investors":
            ids["entity"] = [row["entity"]["id"] for row in rows]
    ids["investment"], ids["investor"] = ids["investments"], ids["investors"]
    users = [user["id"] for user in fetch("/api/v1/users", API_TOKEN)]
    requests = "/api/v1/verification_requests"
    if not fetch(requests, API_TOKEN):
        start(users[0])
    ids["user_id"] = users
    ids["verification_requests"] = [row["id"] for row in fetch(requests, API_TOKEN)]
    return ids


IDS = known()


def real(name, value):
    """A number becomes the id of something that is there, in three cases of four."""
    if type(value) is not int or value < 1 or value % 4 == 0 or not IDS.get(name):
        return value
    return IDS[name][value % len(IDS[name])]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    parts = context.operation.path.split("/")
    for name, value in (path_parameters or {}).items():
        resource = parts[parts.index("{" + name + "}") - 1]
        path_parameters[name] = real(resource if name == "id" else name, value)
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name in ["offering", "investor", "entity", "investment"]:
            if name in body:
                body[name] = real(name, body[name])
    return body
