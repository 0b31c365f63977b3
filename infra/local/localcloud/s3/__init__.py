"""S3, and STS for roles: moto's, kept on disk, and mended where a backup can tell."""

from localcloud.s3.server import S3Server

__all__ = ["S3Server"]
