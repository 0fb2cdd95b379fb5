"""A file system of Hadoop, by its WebHDFS door."""

from __future__ import annotations

from jupyter_aml.domain.datastore import HDFS
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data.abstract_datastore import AbstractDatastore, Hidden

__all__ = ["AbstractDatastore", "HDFSDatastore"]


class HDFSDatastore(AbstractDatastore):
    """Files of a Hadoop cluster; it is opened with Kerberos."""

    credential_value = Hidden()
    _KEPT = (
        "protocol", "namenode_address", "hdfs_server_certificate", "kerberos_realm",
        "kerberos_kdc_address", "kerberos_principal", "kerberos_keytab", "kerberos_password",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Place,
        name: str,
        protocol: str | None,
        namenode_address: str | None,
        hdfs_server_certificate_data: str | None = None,
        kerberos_realm: str | None = None,
        kerberos_kdc_address: str | None = None,
        kerberos_principal: str | None = None,
        credential_value: str | None = None,
        credential_type: str | None = None,
        hdfs_server_certificate: str | None = None,
        kerberos_keytab: str | None = None,
        kerberos_password: str | None = None,
    ) -> None:
        super().__init__(workspace, name, HDFS)
        self.protocol, self.namenode_address = protocol, namenode_address
        self.hdfs_server_certificate_data = hdfs_server_certificate_data or hdfs_server_certificate
        self.kerberos_realm = kerberos_realm
        self.kerberos_kdc_address = kerberos_kdc_address
        self.kerberos_principal = kerberos_principal
        self.credential_value = credential_value or kerberos_keytab or kerberos_password
        kind = "KerberosKeytab" if kerberos_keytab else "KerberosPassword"
        self.credential_type = credential_type or kind
