"""The libraries that crmcore is compared with, each as well as its documentation and an expert would have it."""
