"""The objects, as far as filters and validation look at them."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import FileExtensionValidator
from django.db import models


def choices(*values: str) -> list[tuple[str, str]]:
    """Values with the labels that the document prints beside them."""
    return [(value, value.replace("_", " ").title()) for value in values]


class User(AbstractBaseUser):
    """A platform account, known by its e-mail."""

    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)

    objects = BaseUserManager()
    USERNAME_FIELD = "email"


class Entity(models.Model):
    """A person in whose name somebody invests. The limits of its texts are not known."""

    first_name = models.CharField()
    last_name = models.CharField()
    date_of_birth = models.DateField(null=True)
    accredited_investor = models.BooleanField(null=True)
    net_worth = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    annual_income = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    email = models.EmailField(max_length=None, blank=True, null=True)
    phone = models.CharField(blank=True, null=True)
    country = models.CharField(max_length=2, blank=True, null=True, choices=choices("US", "CA", "DE"))
    kyc_status = models.CharField(
        max_length=16, default="unverified", choices=choices("unverified", "processing", "passed", "failed")
    )


class Offering(models.Model):
    """What can be invested in."""

    name = models.CharField(max_length=255)
    slug = models.SlugField()
    type = models.CharField(
        max_length=32,
        choices=choices("reg_a", "reg_d_506b", "reg_d_506c", "reg_s", "reg_cf", "test_the_waters"),
    )
    archived = models.BooleanField(default=False)
    unit_price = models.DecimalField(max_digits=20, decimal_places=2)
    fee_percent = models.DecimalField(max_digits=5, decimal_places=2)
    card_fee_percent = models.DecimalField(max_digits=5, decimal_places=2)


class Investor(models.Model):
    """An account that invests in the name of an entity."""

    user = models.ForeignKey(User, models.CASCADE)
    entity = models.ForeignKey(Entity, models.CASCADE)
    type = models.CharField(max_length=16, choices=choices("person", "company", "trust", "trust_ira"))
    receive_sms = models.BooleanField(default=False)
    receive_emails = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)


class Investment(models.Model):
    """An order for shares."""

    quantity = models.IntegerField()
    offering = models.ForeignKey(Offering, models.CASCADE)
    investor = models.ForeignKey(Investor, models.CASCADE)
    price = models.DecimalField(max_digits=20, decimal_places=2)
    price_fees = models.DecimalField(max_digits=20, decimal_places=2)
    price_payment_processing_fees = models.DecimalField(max_digits=20, decimal_places=2)
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    status = models.CharField(
        max_length=32,
        default="started",
        choices=choices(
            "started",
            "not_received",
            "payment_failed",
            "received",
            "cancelled",
            "refunded",
            "invested",
            "approved",
            "not_approved",
            "accepted",
            "accepted_escrow_closed",
        ),
    )
    requested_payment_method = models.CharField(
        max_length=16, null=True, blank=True, choices=choices("card", "wire", "ira", "other", "crypto")
    )
    reg_cf_disclosure_acknowledged_at = models.DateTimeField(null=True)
    receive_sms = models.BooleanField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    processed_at = models.DateTimeField(null=True)


class InvestmentApproval(models.Model):
    """The issuer's word on an investment."""

    investment = models.OneToOneField(Investment, models.CASCADE)
    is_approved = models.BooleanField(null=True)


class KYBDocument(models.Model):
    """A document about a company, as a PDF."""

    created_at = models.DateTimeField(auto_now_add=True)
    entity = models.ForeignKey(Entity, models.CASCADE)
    type = models.CharField(max_length=16, choices=choices("other"))
    side = models.CharField(max_length=16, choices=choices("front", "back"))
    storage_content = models.FileField(validators=[FileExtensionValidator(["pdf"])])
    verified = models.BooleanField(default=False)
