"""The views: the stock ones wherever the frameworks have one."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from knox.models import AuthToken
from knox.views import LoginView as KnoxLoginView
from rest_framework import mixins, permissions, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import filters, knobs, models, serializers


class LoginView(KnoxLoginView):
    """Knox's login by e-mail and password in the body, whatever the Authorization header says."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)

    def post(self, request: Request, format: str | None = None) -> Response:
        """Checks the credentials, then lets knox make the token."""
        serializer = serializers.LoginSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        request.user = serializer.validated_data["user"]
        return super().post(request, format)

    def get_token_ttl(self) -> timedelta:
        """Knox's own, unless a test wants another."""
        return super().get_token_ttl() if knobs.token_life is None else knobs.token_life

    def get_token_limit_per_user(self) -> int | None:
        """None, as in knox itself, unless a test sets one."""
        return knobs.token_limit


class InvestorViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Investors."""

    queryset = models.Investor.objects.select_related("user", "entity").order_by("id")
    serializer_class = serializers.InvestorSerializer
    filterset_class = filters.InvestorFilter
    search_fields = ["entity__first_name", "entity__last_name", "entity__email", "user__email"]
    ordering_fields = ["id", "created_at", "type", "entity__entityperson__last_name"]


class InvestmentViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Investments."""

    queryset = models.Investment.objects.select_related("investor__user", "investor__entity").order_by("id")
    search_fields = ["investor__entity__first_name", "investor__entity__last_name", "investor__entity__email", "offering__name"]

    @property
    def filterset_class(self) -> type[Any]:
        """What the parameters of the list are, unless a test takes those away that are not in the document."""
        return filters.InvestmentFilter if knobs.is_updated_at_unknown else filters.ChangedInvestmentFilter

    @property
    def ordering_fields(self) -> list[str]:
        """What the list can be ordered by, unless a test wants less."""
        every = ["id", "amount", "created_at", "quantity", "status", "updated_at", "offering__name"]
        return every if knobs.ordering is None else knobs.ordering

    @property
    def ordering(self) -> list[str] | None:
        """The order of the list when it is asked for none that it knows; nothing: that of the ids."""
        return knobs.default_ordering

    def get_serializer_class(self) -> type[Any]:
        """Other fields go in than come out."""
        return serializers.InvestmentSerializer if self.request.method == "GET" else serializers.NewInvestmentSerializer

    @action(detail=False)
    def statuses(self, request: Request) -> Response:
        """In the envelope of the service's own actions."""
        field = models.Investment._meta.get_field("status")
        statuses = [{"value": value, "label": label} for value, label in field.choices]
        return Response({"data": {"statuses": statuses}, "success": True, "message": ""})


class KYBDocumentViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Documents about companies."""

    queryset = models.KYBDocument.objects.order_by("id")
    serializer_class = serializers.KYBDocumentSerializer
    filterset_class = filters.KYBDocumentFilter


class Knobs(APIView):
    """What the sandbox's clock, store and faults do there: brought about by the test, never compared."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = ()

    def get(self, request: Request, knob: str) -> HttpResponse:
        """The file of the last document, which the service itself never gives back."""
        return HttpResponse(models.KYBDocument.objects.latest("id").storage_content.read())

    def post(self, request: Request, knob: str) -> Response:
        """Turns one."""
        value = request.query_params.get("value")
        match knob:
            case "expire":
                AuthToken.objects.update(expiry="2000-01-01T00:00:00Z")
            case "token_life":
                knobs.token_life = None if value is None else timedelta(milliseconds=int(value))
            case "token_limit":
                knobs.token_limit = None if value is None else int(value)
            case "throttle":
                knobs.throttle(value)
            case "break":
                knobs.is_broken = value is not None
            case "updated_at_unknown":
                knobs.is_updated_at_unknown = value is not None
            case "ordering":
                knobs.ordering = None if value is None else value.split(",")
            case "default_ordering":
                knobs.default_ordering = None if value is None else value.split(",")
            case "advance":
                found = models.Investment.objects.get(pk=request.query_params["investment"])
                changed = {"status": value, "updated_at": timezone.now()}
                models.Investment.objects.filter(pk=found.pk).update(**changed)
                is_approved = {"is_approved": value == "approved"}
                models.InvestmentApproval.objects.update_or_create(investment=found, defaults=is_approved)
            case _:
                models.User.objects.update(is_active=knob == "activate")
        return Response()
