"""Stock settings: whatever is set here is known of the service, or keeps the comparison small."""

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "signs nothing: there are no sessions"
ROOT_URLCONF = "issuance.urls"
AUTH_USER_MODEL = "issuance.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "django_filters",
    "knox",
    "issuance",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
# Lives as long as the process. Tables are made from the models: knox's migrations cannot refer to a
# user that has none.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
MIGRATION_MODULES = {app: None for app in ("auth", "contenttypes", "knox")}
# Uploads stay in memory too.
STORAGES = {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
# The default one takes long on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING_CONFIG = None
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # Whether the service has the pages for browsers is not known; without them 406 can be seen.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    # Lets everything through until a test sets a rate.
    "DEFAULT_THROTTLE_CLASSES": ["issuance.knobs.Throttle"],
    "DEFAULT_PAGINATION_CLASS": "issuance.pages.Pages",
    "VIEW_DESCRIPTION_FUNCTION": "issuance.pages.description",
}
