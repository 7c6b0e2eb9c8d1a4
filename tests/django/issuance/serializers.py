"""Bodies in and out. Fields stand in the order of the document's samples: errors come in it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib.auth import authenticate
from rest_framework import serializers

from .models import Entity, Investment, Investor, KYBDocument, Offering, User

# The document does not say what may be null; the sandbox takes null for "not given".
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


class LoginSerializer(serializers.Serializer):
    """E-mail and password, checked as DRF's own token view checks them."""

    email = serializers.EmailField()
    password = serializers.CharField()

    def validate(self, attrs: dict[str, str]) -> dict[str, Any]:
        """Finds the account behind the credentials."""
        user = authenticate(self.context["request"], username=attrs["email"], password=attrs["password"])
        if user is None:
            raise serializers.ValidationError("Unable to log in with provided credentials.")
        return {"user": user}


class UserSerializer(serializers.ModelSerializer):
    """The account behind an investor."""

    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name", "last_login"]
        read_only_fields = fields


class EntitySerializer(serializers.ModelSerializer):
    """The person behind an investor."""

    class Meta:
        model = Entity
        fields = [
            "first_name",
            "last_name",
            "date_of_birth",
            "accredited_investor",
            "net_worth",
            "annual_income",
            "id",
            "email",
            "phone",
            "country",
            "kyc_status",
        ]
        read_only_fields = ["kyc_status"]
        extra_kwargs = {name: OPTIONAL for name in ("date_of_birth", "accredited_investor", "net_worth", "annual_income")}


class InvestorSerializer(serializers.ModelSerializer):
    """An investor with its account and its entity."""

    user = UserSerializer(read_only=True)
    entity = EntitySerializer()

    class Meta:
        model = Investor
        fields = ["id", "user", "entity", "type", "receive_sms", "receive_emails"]
        extra_kwargs = {name: {"required": False, "allow_null": True} for name in ("receive_sms", "receive_emails")}

    def create(self, validated_data: dict[str, Any]) -> Investor:
        """Makes the entity, and the account with its e-mail; without one it is the caller's."""
        entity = Entity.objects.create(**validated_data.pop("entity"))
        names = {"first_name": entity.first_name, "last_name": entity.last_name}
        user = self.context["request"].user
        if entity.email:
            user, _ = User.objects.get_or_create(email=entity.email, defaults=names)
        given = {name: value for name, value in validated_data.items() if value is not None}
        return Investor.objects.create(user=user, entity=entity, **given)


class OfferingSerializer(serializers.ModelSerializer):
    """The offering of an investment."""

    class Meta:
        model = Offering
        fields = ["id", "name", "type", "slug"]


class InvestmentSerializer(serializers.ModelSerializer):
    """An investment as it stands in a list and alone."""

    offering = OfferingSerializer()
    investor = InvestorSerializer()
    shares_amount = serializers.DecimalField(source="price", max_digits=20, decimal_places=2)

    class Meta:
        model = Investment
        fields = [
            "id",
            "quantity",
            "price",
            "price_fees",
            "price_payment_processing_fees",
            "amount",
            "status",
            "offering",
            "investor",
            "created_at",
            "updated_at",
            "reg_cf_disclosure_acknowledged_at",
            "processed_at",
            "requested_payment_method",
            "receive_sms",
            "shares_amount",
        ]


class NewInvestmentSerializer(serializers.ModelSerializer):
    """An investment to be made, and the answer to that."""

    quantity = serializers.IntegerField(min_value=1)

    class Meta:
        model = Investment
        fields = [
            "id",
            "quantity",
            "offering",
            "investor",
            "reg_cf_disclosure_acknowledged_at",
            "requested_payment_method",
            "amount",
            "price_fees",
            "price_payment_processing_fees",
            "receive_sms",
        ]
        read_only_fields = ["amount", "price_fees", "price_payment_processing_fees"]
        extra_kwargs = {
            name: OPTIONAL
            for name in ("reg_cf_disclosure_acknowledged_at", "requested_payment_method", "receive_sms")
        }

    def create(self, validated_data: dict[str, Any]) -> Investment:
        """Computes what the shares cost, and checks who the investor is: that always passes here."""
        offering = validated_data["offering"]
        price = validated_data["quantity"] * offering.unit_price
        fees = (price * offering.fee_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        card = Decimal(0)
        if validated_data.get("requested_payment_method") == "card":
            card = (price * offering.card_fee_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        entity = validated_data["investor"].entity
        entity.kyc_status = "passed"
        entity.save()
        return Investment.objects.create(
            price=price, price_fees=fees, price_payment_processing_fees=card, amount=price + fees + card, **validated_data
        )

    def to_representation(self, instance: Investment) -> dict[str, Any]:
        """The offering stays an id, the investor becomes an object."""
        shown = super().to_representation(instance)
        return shown | {"investor": InvestorSerializer(instance.investor).data}


class KYBDocumentSerializer(serializers.ModelSerializer):
    """A document; its file goes in and never comes out."""

    class Meta:
        model = KYBDocument
        fields = ["id", "created_at", "entity", "type", "side", "storage_content", "verified"]
        read_only_fields = ["verified"]
        extra_kwargs = {"storage_content": {"write_only": True}}
