# The tree of organisations.

organisation-operator = Operator
organisation-reseller = Reseller
organisation-customer = Customer
resellers = Resellers
resellers-words = Each reseller commands its own fleet with its own keys. The operator cannot.
resellers-none = No reseller yet. Create the first one; its owner then sets up the fleet’s keys.
reseller-new = New reseller
reseller-new-words = Its fleet begins with root keys that its own people make, away from this server: muster keyring.
customers = Customers
customers-words = The organisations whose people carry the phones.
customers-none = No customer yet. Create the first one, then add phones for it.
customer-new = New customer
fleet = Fleet
fleet-none = No keys yet
error-name-taken = There is one of this name already. Take another name.
phones-narrow = phones
