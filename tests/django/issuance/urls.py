"""The addresses: the router's, and knox's."""

from django.urls import include, path
from knox.views import LogoutAllView, LogoutView
from rest_framework.routers import SimpleRouter

from . import views

router = SimpleRouter()
router.register("investments", views.InvestmentViewSet)
router.register("investors", views.InvestorViewSet)
router.register("kyb_documents", views.KYBDocumentViewSet)

urlpatterns = [
    path("api_third_party/auth/login/", views.LoginView.as_view()),
    path("api_third_party/auth/logout/", LogoutView.as_view()),
    path("api_third_party/auth/logoutall/", LogoutAllView.as_view()),
    path("api_third_party/", include(router.urls)),
    path("_test/<str:knob>/", views.Knobs.as_view()),
]
