terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.69"
    }
  }

  # The bucket is named at `terraform init`, see docs/deploy.md. It is the one of infra/gcp: no state
  # of ours lies beside what it describes.
  backend "gcs" {}
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
}
